/** Whether faults are tried as often as they are promised to be survived (`npm run test:faults`), or a few times. */
const full = process.env['KB_FAULTS'] === 'full';

export function sized<Size extends number | string>(few: Size, promised: Size): Size {
  return full ? promised : few;
}
