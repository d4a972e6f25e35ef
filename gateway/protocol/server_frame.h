#pragma once

#include "agents/runs/approval.h"
#include "gateway/protocol/client_frame.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// The frames that concern one connection and are never journaled (SPEC 4): one JSON object each, no newline.
/// `waiting` is left out when nothing waits.
std::string opened_frame(const store::SessionRow& session, bool resumed,
                         const std::vector<agents::PendingApproval>& waiting, std::int64_t wall_ms);
/// Empty `session`, `run` are left out; `duplicate` belongs to the ack of a message, the one with a run.
std::string ack_frame(std::string_view id, std::string_view session, std::string_view run, bool duplicate,
                      std::int64_t wall_ms);
std::string error_frame(const FrameError& error, std::int64_t wall_ms);
/// `id` "" is left out.
std::string pong_frame(std::string_view id, std::int64_t wall_ms);

}  // namespace troupe::gateway
