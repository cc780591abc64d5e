declare global {
  /** Asked for by the library that keeps a page from scrolling behind a dialog. */
  var __webpack_nonce__: string | undefined;
}

/** What styles made by scripts carry: the policy of the page allows no others. The gateway writes a new one into every page. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';
}

globalThis.__webpack_nonce__ = styleNonce();
