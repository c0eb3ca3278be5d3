/* SPDX-License-Identifier: Apache-2.0 */
/* Replies that the module tests have in common. */
#ifndef TEST_DECISIONS_H
#define TEST_DECISIONS_H

#include "fake_daemon.h"

extern struct cs_decision d_permit, d_deny, d_needs_reason, d_only_hold, d_held, d_held_on, d_half, d_approved,
	d_rejected,
	d_parked, d_not_waiting, d_used, d_lost, d_wait_permit, d_cancelled, d_unconfirmed, d_confirmed, d_again,
	d_cooling, d_nearly, d_cooling_parked, d_cooling_later, d_staged, d_second_stage, d_taken_back,
	d_ahead, d_ahead_approved, d_still_wanted, d_limited;

#endif
