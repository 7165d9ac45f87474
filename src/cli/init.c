/* init.c -- make a key and a first file; print what the other side needs.
 *
 *   NET.key  0600  made first
 *   NET.conf       made second; if that fails the key is taken away again
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/load.h"
#include "cli/message.h"
#include "cli/place.h"
#include "config/edit.h"
#include "config/keyfile.h"
#include "ctl/request.h"
#include "io/folder.h"
#include "io/random.h"

enum { SENTENCE = 512 };

static int code_of(int err)
{
	return err == -EACCES || err == -EPERM || err == -EROFS ? EXIT_PERMISSION : EXIT_FAILED;
}

/* /etc/p2pnet/home.key for /etc/p2pnet/home.conf */
static int name_key(char out[static PLACE_PATH], const char *config)
{
	size_t len = strlen(config);
	int n;

	if (len > 5 && strcmp(config + len - 5, ".conf") == 0)
		len -= 5;
	n = snprintf(out, PLACE_PATH, "%.*s.key", (int)len, config);
	return n < PLACE_PATH ? EXIT_OK
			      : fail(EXIT_USAGE,
				     "%.64s...: too long for a path; give a shorter one", config);
}

static int check_address(const char *address)
{
	struct cidr cidr;

	if (!address || (cidr_parse(&cidr, address) && strchr(address, '/')))
		return EXIT_OK;
	return fail(
		EXIT_USAGE,
		"--address is an address and the size of its net, such as 10.77.0.1/24, not '%s'",
		address);
}

static int make_key(const char *path)
{
	uint8_t key[KEY_LEN];
	char error[SENTENCE];
	struct rng rng;
	int err;

	random_init(&rng);
	key_generate(key, &rng);
	err = keyfile_create(path, key, error);
	wipe(key, sizeof(key));
	return err ? fail(code_of(err), "%s", error) : EXIT_OK;
}

static int make_config(const char *path, const struct edit_new *what)
{
	char error[SENTENCE];
	int err = edit_create(path, what, error);

	if (!err)
		return EXIT_OK;
	unlink(what->private_key_file);
	return fail(err == -EINVAL ? EXIT_CONFIG : code_of(err), "%s", error);
}

static int make_files(const struct place *place, const struct edit_new *what)
{
	int err, code;

	if (access(place->config, F_OK) == 0)
		return fail(
			EXIT_FAILED,
			"%s is there already, and stays as it is; choose another name for the net",
			place->config);
	err = folder_make_for(place->config, 0755);
	if (err)
		return fail(code_of(err), "%s: its directory cannot be made: %s%s", place->config,
			    strerror(-err), code_of(err) == EXIT_PERMISSION ? "; try sudo" : "");
	code = make_key(what->private_key_file);
	return code ? code : make_config(place->config, what);
}

/* The flags that name this net again, for the commands that we propose. */
static void name_again(char out[static PLACE_PATH + 8], const struct place *place,
		       const struct options *o)
{
	out[0] = '\0';
	if (o->value[OPT_CONFIG])
		snprintf(out, PLACE_PATH + 8, " -c %s", o->value[OPT_CONFIG]);
	else if (strcmp(place->net, "p2p0") != 0)
		snprintf(out, PLACE_PATH + 8, " -n %s", place->net);
}

static void print_for_the_other_side(const struct config *config, const char *address)
{
	char key[KEY_TEXT], ip[IP_TEXT] = "";

	key_to_base64(key, config->public_key);
	if (address)
		ip_format(ip, &config->addresses[0].ip);
	printf("public key: %s\n\nThe other side needs these lines in its file:\n\n"
	       "[peer %s]\npublic_key = %s\n",
	       key, config->name, key);
	if (*ip)
		printf("ip = %s\n", ip);
	printf("# endpoint = HOST:%u    if this host can be reached from there\n",
	       (unsigned)config->listen_port);
	printf("\nor this command:\n\n  p2pnet peer add %s %s%s%s\n", config->name, key,
	       *ip ? " --ip " : "", ip);
}

static int print_next_steps(const struct place *place, const struct edit_new *what,
			    const struct options *o)
{
	char flags[PLACE_PATH + 8];
	struct config *config;
	int code = load_config(&config, place->config, false);

	if (code)
		return code;
	printf("%s and %s are made.\n", place->config, what->private_key_file);
	print_for_the_other_side(config, what->address);
	name_again(flags, place, o);
	printf("\nNext: tell this side who the other is, and start:\n\n"
	       "  p2pnet peer add NAME PUBLIC_KEY%s\n  p2pnet up%s\n",
	       flags, flags);
	config_free(config);
	return EXIT_OK;
}

int run_init(const struct invocation *in)
{
	const struct options *o = in->options;
	char key_file[PLACE_PATH];
	const struct edit_new what = {.private_key_file = key_file,
				      .address = o->value[OPT_ADDRESS],
				      .name = o->value[OPT_NAME]};
	struct place place;
	int code = place_find(&place, o, argument(in, 0));

	if (!code)
		code = place_make_absolute(&place);	/* the file names its key */
	if (!code)
		code = check_address(what.address);
	if (!code)
		code = name_key(key_file, place.config);
	if (!code)
		code = make_files(&place, &what);
	return code ? code : print_next_steps(&place, &what, o);
}
