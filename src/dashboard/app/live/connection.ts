/** How the page is connected to the stream of events, and why it is not: for a moment, or until the page is loaded anew. */
export type Connection = { state: 'connecting' } | { state: 'live' } | { state: 'lost' | 'refused'; why: string };
