#include "gateway/protocol/client_frame.h"

#include "gateway/protocol/fields.h"

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

DecisionFrame decision(bool approve, Fields& fields, std::string id) {
  DecisionFrame frame;
  frame.id = std::move(id);
  frame.session = fields.id("session", false);
  frame.run = fields.id("run", false);
  frame.call = fields.id("call", true);
  frame.approve = approve;
  if (approve) {
    frame.input = fields.edited_input("input");
    fields.nothing_but({"type", "id", "session", "run", "call", "input", "ts"});
  } else {
    frame.reason = fields.any_text("reason", false);
  }
  return frame;
}

std::optional<ClientFrame> read(std::string_view type, Fields& fields, std::string id) {
  if (type == "open")
    return OpenFrame{std::move(id), fields.id("session", false), fields.name("target"), fields.seq("after")};
  if (type == "message") {
    MessageFrame message;
    message.id = fields.id("id", true);
    message.session = fields.id("session", false);
    message.target = fields.name("target");
    message.text = fields.any_text("text");
    message.inputs = fields.object("inputs");
    message.attachments = fields.images("attachments");
    return message;
  }
  if (type == "cancel") return CancelFrame{std::move(id), fields.id("run", true), fields.cancel_mode("mode")};
  if (type == "approve" || type == "deny") return decision(type == "approve", fields, std::move(id));
  if (type == "ping") return PingFrame{std::move(id)};
  return std::nullopt;
}

}  // namespace

std::expected<ClientFrame, FrameError> parse_client_frame(std::string_view text) {
  const auto refuse = [](std::string ref, std::string code, std::string message) {
    return std::unexpected(FrameError{std::move(ref), std::move(code), std::move(message)});
  };
  auto parsed = parse_json(text);
  if (!parsed) return refuse("", "bad_json", parsed.error().message);
  if (!parsed->is_object()) return refuse("", "bad_json", "a frame is one JSON object");

  Fields fields(*parsed);
  std::string id = fields.id("id", false);
  if (!fields.problem().empty()) return refuse("", "invalid", fields.problem());
  const Json* type = find(*parsed, "type");
  if (!type || !type->is_string()) return refuse(id, "invalid", "`type` is missing or not a string");
  auto frame = read(type->get_ref<const std::string&>(), fields, id);
  if (!frame)
    return refuse(id, "unknown_type",
                  fmt::format("`{}` is none of open, message, cancel, approve, deny, ping",
                              type->get_ref<const std::string&>().substr(0, 40)));
  if (!fields.problem().empty()) return refuse(id, "invalid", fields.problem());
  return std::move(*frame);
}

}  // namespace troupe::gateway
