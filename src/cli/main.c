/* main.c -- p2pnet. */
#include "cli/command.h"

int main(int argc, char **argv)
{
	return cli_run(argc, argv);
}
