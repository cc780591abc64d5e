/** Where this page is: `/studio/`, or behind the path that a gateway is put at. */
export const BASE_PATH = new URL(document.baseURI).pathname;

/** Where the gateway is, ending with a slash. */
export const GATEWAY_URL = new URL('../', document.baseURI).href;
