/* upnp.c -- one UPnP job, done by a process of its own. */
#include "io/upnp.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* -- what the two say to each other ---------------------------------------- */

void upnp_write_answer(uint8_t out[static UPNP_ANSWER_LEN], const struct mapper_upnp_result *result)
{
	struct writer w = writer_over(out, UPNP_ANSWER_LEN);

	put_u8(&w, result->ok);
	put_be16(&w, result->error);
	put_bytes(&w, bytes_of(result->external.ip.bytes, 4));
	put_be16(&w, result->external.port);
	put_be32(&w, result->lease);
}

bool upnp_read_answer(struct mapper_upnp_result *out, struct bytes answer)
{
	struct reader r = reader_over(answer);
	struct mapper_upnp_result result = {0};
	uint8_t ok = get_u8(&r);

	result.ok = ok == 1;
	result.error = get_be16(&r);
	result.external.ip.family = IP_V4;
	get_copy(&r, result.external.ip.bytes, 4);
	result.external.port = get_be16(&r);
	result.lease = get_be32(&r);
	if (r.bad || r.rest.len || ok > 1)
		return false;
	*out = result;
	return true;
}

void upnp_write_job(char text[static UPNP_WORDS][UPNP_WORD_TEXT], char *words[static UPNP_WORDS],
		    const struct mapper_upnp_job *job)
{
	for (int i = 0; i < UPNP_WORDS - 1; i++)
		words[i] = text[i];
	words[UPNP_WORDS - 1] = NULL;
	snprintf(text[0], UPNP_WORD_TEXT, "%s", job->deletes ? "delete" : "add");
	snprintf(text[1], UPNP_WORD_TEXT, "%s", job->proto == PORTMAP_UDP ? "udp" : "tcp");
	ip_format(text[2], &job->gateway);
	snprintf(text[3], UPNP_WORD_TEXT, "%u", job->ifindex);
	endpoint_format(text[4], &job->self);
	snprintf(text[5], UPNP_WORD_TEXT, "%u", job->lease);
	for (int i = 0; i < MAPPER_UPNP_PORTS; i++)
		snprintf(text[6 + i], UPNP_WORD_TEXT, "%u", job->ports[i]);
}

static bool read_number(uint32_t *out, const char *text, uint32_t max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (uint32_t)n;
	return *text >= '0' && *text <= '9' && !*end && n <= max;
}

static bool read_word(bool *is_first, const char *text, const char *first, const char *second)
{
	*is_first = strcmp(text, first) == 0;
	return *is_first || strcmp(text, second) == 0;
}

bool upnp_read_job(struct mapper_upnp_job *out, int words_len, char *const *words)
{
	struct mapper_upnp_job job = {0};
	bool is_udp;

	if (words_len != UPNP_WORDS - 1 || !read_word(&job.deletes, words[0], "delete", "add") ||
	    !read_word(&is_udp, words[1], "udp", "tcp") || !ip_parse(&job.gateway, words[2]) ||
	    !read_number(&job.ifindex, words[3], INT32_MAX) ||
	    !endpoint_parse(&job.self, words[4]) || !read_number(&job.lease, words[5], UINT32_MAX))
		return false;
	job.proto = is_udp ? PORTMAP_UDP : PORTMAP_TCP;
	for (int i = 0; i < MAPPER_UPNP_PORTS; i++) {
		uint32_t port;

		if (!read_number(&port, words[6 + i], UINT16_MAX))
			return false;
		job.ports[i] = (uint16_t)port;
	}
	*out = job;
	return job.gateway.family == IP_V4 && job.self.ip.family == IP_V4;
}

/* -- the process ----------------------------------------------------------- */

struct upnp_process {
	uv_process_t process;
	uv_pipe_t pipe;
	uv_timer_t limit;
	unsigned handles;		/* that the loop still has */
	uint8_t answer[UPNP_ANSWER_LEN + 1];
	size_t answer_len;
	bool has_ended, has_exited;
	upnp_done_fn *done;
	void *context;
};

static void on_closed(uv_handle_t *handle)
{
	struct upnp_process *p = handle->data;

	if (--p->handles == 0)
		free(p);
}

static void close_all(struct upnp_process *p)
{
	uv_close((uv_handle_t *)&p->process, on_closed);
	uv_close((uv_handle_t *)&p->pipe, on_closed);
	uv_close((uv_handle_t *)&p->limit, on_closed);
}

/* Both have to come: the end of the pipe, after which nothing was lost, and of the process,
 * which else stays a zombie. */
static void finish(struct upnp_process *p)
{
	struct mapper_upnp_result result;

	if (!p->has_ended || !p->has_exited)
		return;
	if (!upnp_read_answer(&result, bytes_of(p->answer, p->answer_len)))
		result = (struct mapper_upnp_result){.ok = false};
	close_all(p);
	p->done(p->context, &result);
}

static void on_exit_of_helper(uv_process_t *process, int64_t status, int signal)
{
	struct upnp_process *p = process->data;

	(void)status;
	(void)signal;
	p->has_exited = true;
	finish(p);
}

static void give_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct upnp_process *p = handle->data;

	(void)suggested;
	*buf = uv_buf_init((char *)p->answer + p->answer_len,
			   (unsigned)(sizeof(p->answer) - p->answer_len));
}

/* One byte more than an answer has is room for an answer that is none. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct upnp_process *p = stream->data;

	(void)buf;
	if (n > 0)
		p->answer_len += (size_t)n;
	if (n >= 0 && p->answer_len < sizeof(p->answer))
		return;
	uv_read_stop(stream);
	p->has_ended = true;
	finish(p);
}

/* Once it has exited its number may be another's. */
static void end_helper(struct upnp_process *p)
{
	if (!p->has_exited)
		uv_process_kill(&p->process, SIGKILL);
}

static void on_limit(uv_timer_t *timer)
{
	end_helper(timer->data);
}

static int spawn(struct upnp_process *p, uv_loop_t *loop, const char *program,
		 const struct mapper_upnp_job *job)
{
	char text[UPNP_WORDS][UPNP_WORD_TEXT];
	char name[] = "p2pnet", helper[] = UPNP_HELPER;
	char *args[2 + UPNP_WORDS] = {name, helper};
	char *env[] = {NULL};
	uv_stdio_container_t stdio[] = {
		{.flags = UV_IGNORE},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&p->pipe},
		{.flags = UV_IGNORE},
	};
	uv_process_options_t options = {
		.exit_cb = on_exit_of_helper,
		.file = program,
		.args = args,
		.env = env,
		.stdio = stdio,
		.stdio_count = 3,
	};

	upnp_write_job(text, args + 2, job);
	return uv_spawn(loop, &p->process, &options);
}

int upnp_start(struct upnp_process **out, uv_loop_t *loop, const char *program,
	       const struct mapper_upnp_job *job, upnp_done_fn *done, void *context)
{
	struct upnp_process *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	uv_pipe_init(loop, &p->pipe, 0);
	uv_timer_init(loop, &p->limit);
	p->process.data = p->pipe.data = p->limit.data = p;
	p->handles = 3;
	err = spawn(p, loop, program, job);
	if (err) {
		close_all(p);
		return err;
	}
	p->done = done;
	p->context = context;
	uv_read_start((uv_stream_t *)&p->pipe, give_room, on_read);
	uv_timer_start(&p->limit, on_limit, UPNP_LIMIT, 0);
	*out = p;
	return 0;
}

/* The loop asks no more what became of it; without the wait it would stay a zombie. */
void upnp_cancel(struct upnp_process *p)
{
	if (!p)
		return;
	p->done = NULL;
	end_helper(p);
	if (!p->has_exited)
		waitpid(p->process.pid, NULL, 0);
	close_all(p);
}
