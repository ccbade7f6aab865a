#pragma once

/*
 * git's credential protocol (gitcredentials(7)): for `get` answers with $REPO_TOKEN when the request's protocol and host
 * are those of $DAYPASS_REPO_ORIGIN; anything else gets no answer, so that git asks nobody else with the token in hand.
 */
int credential_helper(const char *operation);
