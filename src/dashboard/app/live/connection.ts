/** How the page is connected to the stream of events, and why it is not. */
export type Connection = { state: 'connecting' } | { state: 'live' } | { state: 'lost'; why: string };
