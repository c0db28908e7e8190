// The tasks that can be written as a docker line, for the command palette: what each is called, and how its line begins.

import { TranslationBundle } from '@jupyterlab/translation';

export interface ITaskLine {
  title: string;
  line: string;
}

export function taskLines(trans: TranslationBundle): ITaskLine[] {
  return [
    { title: trans.__('Run a container'), line: 'docker run -d ' },
    { title: trans.__('Start containers'), line: 'docker start ' },
    { title: trans.__('Stop containers'), line: 'docker stop ' },
    { title: trans.__('Restart containers'), line: 'docker restart ' },
    { title: trans.__('Kill containers'), line: 'docker kill ' },
    { title: trans.__('Pause containers'), line: 'docker pause ' },
    { title: trans.__('Let paused containers go on'), line: 'docker unpause ' },
    { title: trans.__('Remove containers'), line: 'docker rm ' },
    { title: trans.__('Rename a container'), line: 'docker rename ' },
    { title: trans.__('Run a command in a container'), line: 'docker exec ' },
    { title: trans.__('Open a shell in a container'), line: 'docker exec -it ' },
    { title: trans.__('Sit down at a container’s own program'), line: 'docker attach ' },
    { title: trans.__('Copy files'), line: 'docker cp ' },
    { title: trans.__('Make an image of a container'), line: 'docker commit ' },
    { title: trans.__('Build an image'), line: 'docker build -t ' },
    { title: trans.__('Name an image'), line: 'docker tag ' },
    { title: trans.__('Remove images'), line: 'docker rmi ' },
    { title: trans.__('Save images into a file'), line: 'docker save -o ' },
    { title: trans.__('Load images from a file'), line: 'docker load -i ' },
    { title: trans.__('Pull an image'), line: 'docker pull ' },
    { title: trans.__('Push an image'), line: 'docker push ' },
    { title: trans.__('Create a volume'), line: 'docker volume create ' },
    { title: trans.__('Remove volumes'), line: 'docker volume rm ' },
    { title: trans.__('Bring a Compose project up'), line: 'docker compose up -d' },
    { title: trans.__('Take a Compose project down'), line: 'docker compose down' },
    { title: trans.__('Remove what is not in use'), line: 'docker system prune' }
  ];
}
