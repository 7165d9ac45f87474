/* ice_turn.h -- the TURN server that `p2pnet ice` is told to relay through. */
#ifndef CLI_ICE_TURN_H
#define CLI_ICE_TURN_H

#include "cli/options.h"
#include "config/config.h"
#include "io/ice_driver.h"
#include "turn/credential.h"

enum { ICE_TURN_PASSWORD_MAX = 512 };

struct ice_turn {
	struct config_server server;		/* host empty: none */
	struct bytes user;
	char password[ICE_TURN_PASSWORD_MAX];
	struct turn_credential made;		/* from a secret */
};

/* An EXIT_* code; what is wrong has been said then. */
int ice_turn_read(struct ice_turn *t, const struct options *o);
struct ice_driver_turn ice_turn_settings(const struct ice_turn *t);	/* borrows */
void ice_turn_wipe(struct ice_turn *t);

#endif
