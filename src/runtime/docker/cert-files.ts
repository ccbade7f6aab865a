/** What docker's own command has in the directory of DOCKER_CERT_PATH; all PEM. */
export const CERT_FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const;
