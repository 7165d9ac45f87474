/* random.h -- the system's generator, as the libraries want it. */
#ifndef IO_RANDOM_H
#define IO_RANDOM_H

#include "base/rng.h"

void random_init(struct rng *rng);

#endif
