/* SPDX-License-Identifier: MIT */
/* All that a server model may want, by one include. */
#ifndef SERVERLAB_CORE_MODEL_H
#define SERVERLAB_CORE_MODEL_H

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "servers/core/accept.h"
#include "servers/core/conn.h"
#include "servers/core/loop.h"
#include "servers/core/scoreboard.h"
#include "servers/core/serve.h"
#include "servers/core/server.h"
#include "servers/core/signals.h"
#include "servers/core/worker.h"

#endif
