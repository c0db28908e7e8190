// Dockyard's own icon; all others are JupyterLab's.

import { LabIcon } from '@jupyterlab/ui-components';
import dockyard from '../style/dockyard.svg';

export const dockyardIcon = new LabIcon({ name: 'dockyard:dockyard', svgstr: dockyard });
