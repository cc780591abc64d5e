/** What a bench is compared with cannot be had on this machine. There is no figure then. */
export class NotHere extends Error {}
