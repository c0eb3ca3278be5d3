/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target without a fuzzer: over the files and folders named, then over a fixed number of mutations of
 * them. The order and the mutations are the same in every run. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX   ((size_t)1 << 20)
#define MUTATIONS   2000
#define CHANGES_MAX 4

struct input {
	uint8_t *data;
	size_t size;
};

struct corpus {
	struct input *inputs;
	size_t n;
};

static void *must(void *p)
{
	if (p == NULL) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

/* xorshift64*: small, and the same everywhere. */
static size_t draw(size_t below)
{
	static uint64_t state = 0x636f756e74657273;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return below == 0 ? 0 : (size_t)(state * UINT64_C(2685821657736338717) >> 32) % below;
}

/* A copy of the exact size, so that the sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *exact = must(malloc(size > 0 ? size : 1));
	if (size > 0)
		memcpy(exact, data, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void flip_bit(struct input *in, const struct corpus *corpus)
{
	(void)corpus;
	if (in->size > 0)
		in->data[draw(in->size)] ^= (uint8_t)(1u << draw(8));
}

static void set_byte(struct input *in, const struct corpus *corpus)
{
	(void)corpus;
	if (in->size > 0)
		in->data[draw(in->size)] = (uint8_t)draw(256);
}

/* Lengths that are just at, over or far beyond what a parser expects. */
static void set_number(struct input *in, const struct corpus *corpus)
{
	static const uint32_t numbers[] = {0,      1,       0x7f,    0xff,       0x100,     0x7fff,
					   0xffff, 0x10000, 0x40000, 0x7fffffff, 0xffffffff};
	uint32_t number = numbers[draw(sizeof(numbers) / sizeof(numbers[0]))];
	size_t at = draw(in->size);
	(void)corpus;
	for (size_t i = 0; i < 4 && at + i < in->size; i++)
		in->data[at + i] = (uint8_t)(number >> (24 - 8 * i));
}

static void truncate_input(struct input *in, const struct corpus *corpus)
{
	(void)corpus;
	in->size = draw(in->size + 1);
}

/* Puts n bytes in at a random place. */
static void insert(struct input *in, const uint8_t *bytes, size_t n)
{
	if (n == 0 || in->size + n > INPUT_MAX)
		return;
	size_t at = draw(in->size + 1);
	memmove(in->data + at + n, in->data + at, in->size - at);
	memcpy(in->data + at, bytes, n);
	in->size += n;
}

static void insert_bytes(struct input *in, const struct corpus *corpus)
{
	uint8_t bytes[8];
	size_t n = 1 + draw(sizeof(bytes));
	(void)corpus;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)draw(256);
	insert(in, bytes, n);
}

static void remove_bytes(struct input *in, const struct corpus *corpus)
{
	size_t at = draw(in->size);
	size_t n = draw(in->size - at + 1);
	(void)corpus;
	memmove(in->data + at, in->data + at + n, in->size - at - n);
	in->size -= n;
}

/* A piece of some input of the corpus, into the middle of this one. */
static void splice(struct input *in, const struct corpus *corpus)
{
	const struct input *other = &corpus->inputs[draw(corpus->n)];
	size_t at = draw(other->size);
	insert(in, other->data + at, draw(other->size - at + 1));
}

static void (*const changes[])(struct input *in, const struct corpus *corpus) = {
	flip_bit, set_byte, set_number, truncate_input, insert_bytes, remove_bytes, splice,
};

static void run_mutation(const struct corpus *corpus, uint8_t *space)
{
	const struct input *source = &corpus->inputs[draw(corpus->n)];
	struct input in = {.data = space, .size = source->size};

	if (source->size > 0)
		memcpy(space, source->data, source->size);
	for (size_t n = 1 + draw(CHANGES_MAX); n > 0; n--)
		changes[draw(sizeof(changes) / sizeof(changes[0]))](&in, corpus);
	run(in.data, in.size);
}

static bool add_file(struct corpus *corpus, const char *path)
{
	struct input in = {.data = must(malloc(INPUT_MAX))};
	FILE *file = fopen(path, "rbe");
	if (file == NULL) {
		perror(path);
		free(in.data);
		return false;
	}
	in.size = fread(in.data, 1, INPUT_MAX, file);
	bool ok = ferror(file) == 0;
	(void)fclose(file);
	in.data = must(realloc(in.data, in.size > 0 ? in.size : 1));
	corpus->inputs = must(realloc(corpus->inputs, (corpus->n + 1) * sizeof(*corpus->inputs)));
	corpus->inputs[corpus->n++] = in;
	return ok;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(struct corpus *corpus, const char *folder)
{
	struct dirent **entries = NULL;
	char path[4096];
	int n = scandir(folder, &entries, not_hidden, by_bytes);
	bool ok = n > 0;

	if (n < 0)
		perror(folder);
	if (n == 0)
		(void)fprintf(stderr, "%s: the corpus is empty\n", folder);
	for (int i = 0; i < n; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < (int)sizeof(path))
			ok = add_file(corpus, path) && ok;
		else
			ok = false;
		free(entries[i]);
	}
	free(entries);
	return ok;
}

static bool add_path(struct corpus *corpus, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		perror(path);
		return false;
	}
	return S_ISDIR(st.st_mode) ? add_folder(corpus, path) : add_file(corpus, path);
}

int main(int argc, char **argv)
{
	struct corpus corpus = {0};
	uint8_t *space = must(malloc(INPUT_MAX));
	bool ok = argc > 1;

	for (int i = 1; i < argc; i++)
		ok = add_path(&corpus, argv[i]) && ok;
	for (size_t i = 0; ok && i < corpus.n; i++)
		run(corpus.inputs[i].data, corpus.inputs[i].size);
	for (size_t i = 0; ok && i < MUTATIONS; i++)
		run_mutation(&corpus, space);
	if (ok)
		(void)printf("%s: %zu inputs\n", program_invocation_short_name, corpus.n + MUTATIONS);
	else
		(void)fprintf(stderr, "usage: %s FILE|FOLDER...\n", program_invocation_short_name);

	for (size_t i = 0; i < corpus.n; i++)
		free(corpus.inputs[i].data);
	free(corpus.inputs);
	free(space);
	return ok ? 0 : 1;
}
