/* sandbox.h -- a process gives up all that it does not need, before it listens to strangers.
 *
 *   descriptors   all but standard input, output and error
 *   identity      root becomes nobody; capabilities: none, and none to come by exec
 *   limits        no file, no core, no child; 64 MB; five seconds of computing
 *   life          ends with its parent, or after `seconds`
 *   system calls  memory, time, and IPv4 sockets (with libseccomp; others fail with EPERM)
 *
 * There is no way back. With sanitizers, which need more of all this, the memory and the
 * system calls stay free.
 */
#ifndef IO_SANDBOX_H
#define IO_SANDBOX_H

int sandbox_enter(unsigned seconds);	/* 0 or -errno: do not go on then */

#endif
