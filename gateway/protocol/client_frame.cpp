#include "gateway/protocol/client_frame.h"

#include "models/picture.h"
#include "runtime/base/limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

bool without_controls(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

// Reads the fields of one frame and remembers the first that is wrong.
class Fields {
 public:
  explicit Fields(const Json& frame) : frame_(frame) {}

  const std::string& problem() const { return problem_; }

  /// An identifier: of ours, of the client's making, or quoted back by it.
  std::string id(std::string_view name, bool required) {
    return text(name, required, limits::kIdChars, printable, "printable ASCII characters without blanks");
  }

  std::string name(std::string_view name) {
    return text(name, false, limits::kNameBytes, without_controls, "bytes without control characters");
  }

  std::string any_text(std::string_view name, bool required = true) {
    const Json* value = get(name, required);
    if (!value) return {};
    if (value->is_string()) return value->get<std::string>();
    complain(name, "must be a string");
    return {};
  }

  std::optional<std::int64_t> seq(std::string_view name) {
    const Json* value = get(name, false);
    if (!value) return std::nullopt;
    // Unsigned is what the parser makes of every integer that is not negative.
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= INT64_MAX)
      return value->get<std::int64_t>();
    complain(name, "must be an integer, 0 or more");
    return std::nullopt;
  }

  Json object(std::string_view name) {
    const Json* value = get(name, false);
    if (!value) return Json::object();
    if (value->is_object()) return *value;
    complain(name, "must be an object");
    return Json::object();
  }

  /// Here null is not taken for absent: who sends it may have meant to change something.
  std::optional<Json> edited_input(std::string_view name) {
    const Json* value = find(frame_, name);
    if (!value) return std::nullopt;
    if (value->is_object()) return *value;
    complain(name, "must be an object; leave it out to approve the call as it is");
    return std::nullopt;
  }

  void nothing_but(std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : frame_.items())
      if (std::ranges::find(known, name) == known.end())
        complain(name.substr(0, 40), "is not known here, and nothing is approved that is not understood");
  }

  std::vector<models::Image> images(std::string_view name) {
    std::vector<models::Image> images;
    const Json* value = get(name, false);
    if (!value) return images;
    if (!value->is_array() || value->size() > limits::kAttachments) {
      complain(name, fmt::format("must be an array of at most {} objects", limits::kAttachments));
      return images;
    }
    for (const Json& item : *value) images.push_back(image(name, item));
    return images;
  }

  agents::CancelMode cancel_mode(std::string_view name) {
    const Json* value = get(name, false);
    if (!value || (value->is_string() && *value == "now")) return agents::CancelMode::now;
    if (value->is_string() && *value == "after_step") return agents::CancelMode::after_step;
    complain(name, "must be \"now\" or \"after_step\"");
    return agents::CancelMode::now;
  }

 private:
  // null counts as absent: many clients serialise an option that is not set that way.
  const Json* get(std::string_view name, bool required) {
    const Json* value = find(frame_, name);
    if (value && !value->is_null()) return value;
    if (required) complain(name, "is missing");
    return nullptr;
  }

  std::string text(std::string_view name, bool required, std::size_t bytes_max,
                   bool (*sane)(std::string_view), std::string_view rule) {
    const Json* value = get(name, required);
    if (!value) return {};
    if (value->is_string()) {
      auto text = value->get<std::string>();
      if (!text.empty() && text.size() <= bytes_max && sane(text)) return text;
    }
    complain(name, fmt::format("must be a string of 1 to {} {}", bytes_max, rule));
    return {};
  }

  models::Image image(std::string_view name, const Json& item) {
    const std::string url = string_or(item, "url");
    const std::string data = string_or(item, "data");
    const std::string media_type = string_or(item, "media_type");
    if (string_or(item, "type") != "image" || url.empty() == data.empty()) {
      complain(name, R"(must hold objects {"type":"image"} with either `url` or `data`)");
      return {};
    }
    auto picture = url.empty() ? models::picture_of(data, media_type) : models::picture_at(url);
    if (picture) return std::move(*picture);
    complain(name, picture.error().message);
    return {};
  }

  void complain(std::string_view name, std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("`{}` {}", name, what);
  }

  const Json& frame_;
  std::string problem_;
};

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
