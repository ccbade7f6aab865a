/** The only names that can be asked for. No id of a container, nor the beginning of one, looks like this. */
export const SANDBOX_ID = /^sbx_[0-9a-z]{1,40}$/;
