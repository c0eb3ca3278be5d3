/* SPDX-License-Identifier: Apache-2.0 */
/* Random worlds and questions from a seed. The alphabets are small, so that things collide: scopes that contain each
 * other, roles that inherit, groups with two values of one attribute, DNs in several spellings. */
#ifndef TEST_REFERENCE_GENERATE_H
#define TEST_REFERENCE_GENERATE_H

#include "reference.h"

struct dice {
	uint64_t state;
	bool plain; /* only what the fixed directory can say: no doubt about one person */
	bool many;  /* more single groups with one parent than are asked for one by one */
};

struct dice dice_from(uint64_t seed);
/* 0 … n-1. */
size_t dice_roll(struct dice *dice, size_t n);
bool dice_chance(struct dice *dice, unsigned percent);

/* A world to be asked. Nearly always a sound policy; ref_refused knows. */
void generate_world(struct dice *dice, struct ref_world *ret_world);

/* What is asked: a person of the directory, or NULL for one that it does not know. */
const struct ref_person *generate_person(struct dice *dice, const struct ref_world *world);
const char *generate_scope(struct dice *dice);
/* Something near what a gate of the policy guards, or anything. */
void generate_action(struct dice *dice, const struct ref_world *world, struct ref_action *ret_action);
/* A scope that the gate could ask for. */
const char *generate_gate_scope(struct dice *dice, const struct ref_gate *gate);
/* Votes of different people. */
size_t generate_votes(struct dice *dice, const struct ref_world *world, struct ref_vote ret_votes[REF_FEW]);

#endif
