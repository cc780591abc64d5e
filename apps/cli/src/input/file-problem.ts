/** Why a file cannot be read or written, in words. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'it is not there';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'that is not allowed';
    case 'EEXIST':
      return 'it exists';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
