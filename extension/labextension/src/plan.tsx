// A plan as a reader sees it: what will be created, changed and removed, before it is done.

import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IChange, IPlan } from './types';

export function Changes(props: { changes: IChange[]; more?: number; trans: TranslationBundle }): JSX.Element {
  const { changes, more, trans } = props;
  if (!changes.length) {
    return <p>{trans.__('Nothing will change.')}</p>;
  }
  return (
    <table className="dockyard-changes">
      <tbody>
        {changes.map((change, place) => (
          <tr key={place} data-action={change.action}>
            <td>{change.word}</td>
            <td>{change.kind}</td>
            <td>
              <code>{change.name}</code>
            </td>
            <td>{change.size}</td>
            <td>{change.reason}</td>
          </tr>
        ))}
        {more ? (
          <tr>
            <td colSpan={5}>{trans.__('and %1 more', more)}</td>
          </tr>
        ) : null}
      </tbody>
    </table>
  );
}

export function Warnings(props: { warnings: string[] }): JSX.Element {
  return (
    <>
      {props.warnings.map((warning, place) => (
        <p key={place} className="dockyard-warning">
          ⚠ {warning}
        </p>
      ))}
    </>
  );
}

export function PlanView(props: { plan: IPlan; trans: TranslationBundle }): JSX.Element {
  const { plan, trans } = props;
  return (
    <div className="dockyard-plan">
      <pre>{plan.command}</pre>
      <Changes changes={plan.changes} more={plan.more} trans={trans} />
      <Warnings warnings={plan.warnings} />
    </div>
  );
}

// Whether the reader wants it.
export async function confirm(plan: IPlan, title: string, trans: TranslationBundle): Promise<boolean> {
  const answer = await showDialog({
    title,
    body: ReactWidget.create(<PlanView plan={plan} trans={trans} />),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.warnButton({ label: title })],
    defaultButton: 0
  });
  return answer.button.accept;
}
