/** What a sandbox is called by its programs; its hosts file leads the name to its own loopback address. */
export const SANDBOX_HOST_NAME = 'sandbox';
