/* prepare.h -- what a process that will have keys does first. */
#ifndef IO_PREPARE_H
#define IO_PREPARE_H

/* Choose the ciphers' engines, forbid core files. 0, or an EXIT_* code with a sentence. */
int prepare_process(char error[static 512]);

#endif
