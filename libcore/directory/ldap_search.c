/* SPDX-License-Identifier: Apache-2.0 */
/* Searches on their way, in lists. */
#include "ldap_connection.h"
#include "mem.h"
#include "model.h"

#include <stdlib.h>

void list_add(struct list *list, struct search *search)
{
	search->next = NULL;
	if (list->last != NULL)
		list->last->next = search;
	else
		list->first = search;
	list->last = search;
}

void list_remove(struct list *list, struct search *search)
{
	struct search *before = NULL;
	for (struct search *s = list->first; s != NULL; before = s, s = s->next) {
		if (s != search)
			continue;
		if (before != NULL)
			before->next = s->next;
		else
			list->first = s->next;
		if (list->last == s)
			list->last = before;
		return;
	}
}

static void search_free(struct search *search)
{
	free(search->base);
	free(search->filter);
	cs_free_strv(&search->attributes, &search->n_attributes);
	free(search);
}

void search_end(struct search *search, enum cs_ended ended, const char *cause)
{
	bool well = ended == CS_ENDED_WHOLE || ended == CS_ENDED_NO_BASE || ended == CS_ENDED_CANCELLED;
	search->calls.end(search->arg, ended, well ? "" : cause);
	search_free(search);
}

void list_end(struct list *list, enum cs_ended ended, const char *cause)
{
	struct search *search = list->first;
	*list = (struct list){ 0 };
	while (search != NULL) {
		struct search *next = search->next;
		search_end(search, ended, cause);
		search = next;
	}
}

static int copy_attributes(struct search *s, const char *const *attributes)
{
	for (size_t i = 0; attributes[i] != NULL; i++)
		if (cs_strv_add(&s->attributes, &s->n_attributes, attributes[i]) != 0)
			return CS_ENOMEM;
	char **ended = realloc(s->attributes, (s->n_attributes + 1) * sizeof(*ended));
	if (ended == NULL)
		return CS_ENOMEM;
	ended[s->n_attributes] = NULL;
	s->attributes = ended;
	return 0;
}

int search_new(const struct cs_search *search, const struct cs_search_calls *calls, void *arg,
	struct search **ret_search)
{
	struct search *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return CS_ENOMEM;
	s->base = cs_dup(search->base);
	s->filter = cs_dup(search->filter);
	if (s->base == NULL || s->filter == NULL || copy_attributes(s, search->attributes) != 0) {
		search_free(s);
		return CS_ENOMEM;
	}
	s->below = search->below;
	s->pages = search->pages;
	s->limit = search->limit;
	s->deadline_ms = search->deadline_ms;
	s->owner = search->owner;
	s->calls = *calls;
	s->arg = arg;
	*ret_search = s;
	return 0;
}
