/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that stands for the root of a machine. */
#ifndef CS_TESTS_HOST_TREE_H
#define CS_TESTS_HOST_TREE_H

#include "host.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct tree {
	char root[PATH_MAX];
	struct cs_host host;
};

static inline void tree_path(const struct tree *tree, const char *path, char full[PATH_MAX])
{
	assert_true(snprintf(full, PATH_MAX, "%s%s", tree->root, path) < PATH_MAX);
}

/* The folders above a path, 0755. */
static inline void tree_folders(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	tree_path(tree, path, full);
	for (char *at = full + strlen(tree->root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (mkdir(full, 0755) == 0)
			assert_int_equal(chmod(full, 0755), 0);
		*at = '/';
	}
}

static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *file = NULL;

	tree_folders(tree, path);
	tree_path(tree, path, full);
	file = fopen(full, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(full, 0644), 0);
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	char full[PATH_MAX];

	tree_folders(tree, path);
	tree_path(tree, path, full);
	assert_int_equal(symlink(target, full), 0);
}

/* The caller frees. */
static inline char *tree_read(const struct tree *tree, const char *path)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(cs_host_read(&tree->host, path, &text, &len), 0);
	return text;
}

static inline int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	assert_non_null(tree);
	strcpy(tree->root, "/tmp/countersign-tree-XXXXXX");
	assert_non_null(mkdtemp(tree->root));
	assert_int_equal(chmod(tree->root, 0755), 0);
	assert_int_equal(cs_host_open(tree->root, &tree->host), 0);
	*state = tree;
	return 0;
}

static inline int tree_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int tree_teardown(void **state)
{
	struct tree *tree = *state;

	cs_host_close(&tree->host);
	(void)nftw(tree->root, tree_remove_one, 32, FTW_DEPTH | FTW_PHYS);
	free(tree);
	return 0;
}

#endif
