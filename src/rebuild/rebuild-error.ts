/** What the command says and exits with 1 for; anything else that is thrown is a fault of ours. */
export class RebuildError extends Error {}
