/* client.h -- ask a running net: one request, one reply, no waiting forever; or many. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <signal.h>

#include <jansson.h>

#include "cli/place.h"
#include "ctl/request.h"

enum {
	CLIENT_ERROR = 512,
	CLIENT_TIMEOUT = 10,	/* seconds for an answer that needs no waiting */
};

/* A signal handler may set it: who asks does not wait any longer (EXIT_TIMEOUT). */
extern volatile sig_atomic_t client_interrupted;

/* EXIT_OK and a reply that says ok, to be freed with json_decref(). Or an exit code with one
 * sentence in error: EXIT_NOT_RUNNING (nobody listens), EXIT_PERMISSION, EXIT_TIMEOUT,
 * or what the daemon answered. */
int client_ask(json_t **reply, const struct place *place, const struct ctl_request *request,
	       unsigned seconds, char error[static CLIENT_ERROR]);

/* What to do with each reply that says ok. False: that is enough. */
typedef bool client_each(void *context, const json_t *reply);

/* The same for a request that has many replies: EXIT_OK when `each` had enough, or the
 * sentence; EXIT_NOT_RUNNING also if the net stopped meanwhile. */
int client_follow(const struct place *place, const struct ctl_request *request, client_each *each,
		  void *context, char error[static CLIENT_ERROR]);

/* The process that listens there, as a pidfd: it is readable when the process has ended. To be closed;
 * -1 if there is none, or none that we can see. */
int client_process(const struct place *place);

/* A clock to wait by. */
double client_seconds(void);

/* client_ask(); the sentence goes to stderr. */
int client_ask_or_fail(json_t **reply, const struct place *place, const struct ctl_request *request);

#endif
