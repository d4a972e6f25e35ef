#pragma once

#include "agents/budgets/account.h"
#include "agents/teams/crew.h"
#include "runtime/base/event.h"
#include "runtime/base/result.h"
#include "runtime/bus/message.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <vector>

namespace troupe::agents {

/// What the run of a member came to, as the `data` of the reply that tells of it.
struct ReplyRecord {
  Reply reply;
  std::string run;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
};

/// Of a run that has ended: its row, and its events for what the row does not have.
ReplyRecord reply_of(const store::RunRow& row, const std::vector<Frame>& events);
/// Of one that could not begin, or whose answer cannot be sent.
ReplyRecord reply_of(const Error& error, std::string reason);

void put(const ReplyRecord& record, bus::Message& message);
ReplyRecord read_reply(const bus::Message& message);

}  // namespace troupe::agents
