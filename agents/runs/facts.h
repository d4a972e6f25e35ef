#pragma once

#include "models/message.h"
#include "models/model_use.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"
#include "tools/tool.h"

#include <string>
#include <string_view>
#include <vector>

/// The JSON of what a run writes into the journal besides its visible events, and back. Pure.
namespace troupe::agents {

/// A model's reply as journaled: the raw text with everything a provider wants back, usage, and what it cost.
struct RecordedReply {
  models::ModelReply reply;
  double cost = 0;
  std::int64_t ms = 0;
  std::string cut;     ///< not "": the limit at which its stream was cut, max_tokens or max_cost
  std::string budget;  ///< not "": that limit was one of a budget that runs spend together, in words
};
Json reply_to_fact(const models::ModelReply& reply, double cost, std::int64_t ms);
RecordedReply reply_from_fact(const Json& fact);

/// A message as the fact of a request keeps it, native calls included; of a picture that came as data, only
/// what it was.
Json message_to_fact(const models::Message& message);
models::Message message_from_fact(const Json& fact);

/// run.queued or run.started, which say what was asked: `input`, `target`, `message_ids`, `attachments`.
Event run_event(const store::RunRow& row, std::string_view type);

/// Fills a warning.
Event warning_event(Event event, std::string_view code, std::string text);

/// A usage event's fields.
Event usage_event(Event event, const models::ModelReply& reply, const std::string& model, double cost,
                  std::int64_t ms);

/// What the `usage` events among these add up to.
store::Used told_usage(const std::vector<Frame>& events);

/// What a `usage` event of models::tell_use() tells of.
models::ModelUse use_of(const Event& told);

/// The number under which an answer may cite a passage; 0: it is none.
std::size_t passage_number(const tools::Source& source);

/// What an answer cites: the passages whose numbers it has in brackets, in the order of the answer, then the
/// sources that it names by address or title, in the order they were found. Each once; numbers under which
/// there was nothing are passed over.
Json cited_sources(const std::vector<tools::Source>& sources, std::string_view answer);

}  // namespace troupe::agents
