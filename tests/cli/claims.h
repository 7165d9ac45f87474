/* claims.h -- cmocka, after the headers that it wants before it. */
#ifndef TESTS_CLI_CLAIMS_H
#define TESTS_CLI_CLAIMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
