import { fromUnknown } from '@kb-labs/errors';
import { notifications } from '@mantine/notifications';

export function tellDone(message: string): void {
  notifications.show({ message, color: 'green' });
}

/** A change that was refused: what it was, and why. */
export function tellProblem(what: string, thrown: unknown): void {
  const { message, hint } = fromUnknown(thrown);
  notifications.show({ title: what, message: hint === undefined ? message : `${message} – ${hint}`, color: 'red', autoClose: 12_000 });
}
