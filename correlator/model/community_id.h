/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * community_id.h - the flow's name in Zeek, Suricata, Wireshark, Arkime and Elastic.
 *
 * https://github.com/corelight/community-id-spec
 */
#ifndef MODEL_COMMUNITY_ID_H
#define MODEL_COMMUNITY_ID_H

#include "model/packet.h"

#define COMMUNITY_ID_TEXT 31 /* "1:", 28 characters of base64, the NUL */

/** community_id() - version 1, seed 0, of a TCP flow: the same for both directions */
void community_id(char ret[COMMUNITY_ID_TEXT], const struct tuple *t);

#endif
