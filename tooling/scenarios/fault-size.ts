/** Whether faults are tried as often as they are promised to be survived (`npm run test:faults`), or a few times. */
const full = process.env['KB_FAULTS'] === 'full';

export function sized(few: number, promised: number): number {
  return full ? promised : few;
}
