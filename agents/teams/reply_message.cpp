#include "agents/teams/reply_message.h"

#include "agents/runs/fact_fields.h"

#include <utility>

namespace troupe::agents {

namespace {

Json value_or_null(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value ? *value : Json();
}

// "writer" of "desk/writer".
std::string member_in(const std::string& address) {
  return address.substr(address.rfind('/') + 1);
}

}  // namespace

ReplyRecord reply_of(const store::RunRow& row, const std::vector<Frame>& events) {
  ReplyRecord record{
      .run = row.id, .input_tokens = row.input_tokens, .output_tokens = row.output_tokens, .cost = row.cost};
  record.reply = {.text = row.answer, .status = row.status, .reason = row.reason};
  for (const Frame& frame : events) {
    if (frame.type != "answer" && frame.type != "handoff" && frame.type != "run.finished") continue;
    auto event = parse_json(*frame.text);
    if (!event) continue;  // the journal checks what it reads; a reply without its extras is still one
    if (frame.type == "answer") {
      record.reply.data = value_or_null(*event, "data");
      record.reply.citations = value_or_null(*event, "citations");
    } else if (frame.type == "handoff") {
      record.reply.handoff = Handoff{member_in(string_or(*event, "to")), string_or(*event, "reason")};
    } else {
      record.reply.detail = string_or(*event, "error");
    }
  }
  if (row.reason != "handoff") record.reply.handoff.reset();
  // The row has what the tool told the member; it said nothing to anybody.
  if (record.reply.handoff) record.reply.text.clear();
  return record;
}

ReplyRecord reply_of(const Error& error, std::string reason) {
  ReplyRecord record;
  record.reply = {.status = "failed", .reason = std::move(reason), .detail = error.message};
  return record;
}

void put(const ReplyRecord& record, bus::Message& message) {
  const Reply& reply = record.reply;
  message.text = reply.text;
  message.data = {{"run", record.run}, {"status", reply.status}, {"reason", reply.reason}};
  if (!reply.detail.empty()) message.data["error"] = reply.detail;
  if (!reply.data.is_null()) message.data["data"] = reply.data;
  if (!reply.citations.is_null()) message.data["citations"] = reply.citations;
  if (reply.handoff) message.data["handoff"] = {{"to", reply.handoff->to}, {"reason", reply.handoff->reason}};
  message.data["input_tokens"] = record.input_tokens;
  message.data["output_tokens"] = record.output_tokens;
  message.data["cost"] = record.cost;
}

ReplyRecord read_reply(const bus::Message& message) {
  const Json& data = message.data;
  ReplyRecord record{.run = string_or(data, "run"),
                     .input_tokens = number_or(data, "input_tokens"),
                     .output_tokens = number_or(data, "output_tokens"),
                     .cost = amount_or(data, "cost")};
  record.reply = {.from = member_in(message.from),
                  .text = message.text,
                  .data = value_or_null(data, "data"),
                  .citations = value_or_null(data, "citations"),
                  .status = string_or(data, "status", "failed"),
                  .reason = string_or(data, "reason"),
                  .detail = string_or(data, "error")};
  if (const Json* handoff = find(data, "handoff"))
    record.reply.handoff = Handoff{string_or(*handoff, "to"), string_or(*handoff, "reason")};
  return record;
}

}  // namespace troupe::agents
