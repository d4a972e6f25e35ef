#pragma once

#include "agents/runs/run_desk.h"
#include "models/message.h"
#include "runtime/base/json.h"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::gateway {

/// Makes a session, or opens one that exists.
struct OpenFrame {
  std::string id;       ///< "" = the client wants no ack
  std::string session;  ///< "" = a new one
  std::string target;
  std::optional<std::int64_t> after;
};

struct MessageFrame {
  std::string id;
  std::string session;  ///< "" = the only one that is open
  std::string target;
  std::string text;
  Json inputs = Json::object();
  std::vector<models::Image> attachments;
};

struct CancelFrame {
  std::string id;
  std::string run;
  agents::CancelMode mode = agents::CancelMode::now;
};

/// approve or deny: a person's word about a call that waits for it.
struct DecisionFrame {
  std::string id;
  std::string session;  ///< "" = the only one that is open; of no matter when `run` is given
  std::string run;      ///< "" = the run of the session that is at work
  std::string call;
  bool approve = false;
  std::optional<Json> input;  ///< approve: instead of the model's own
  std::string reason;         ///< deny
};

struct PingFrame {
  std::string id;
};

using ClientFrame = std::variant<OpenFrame, MessageFrame, CancelFrame, DecisionFrame, PingFrame>;

/// Why a frame was refused, as the `error` frame says it. Codes are stable:
/// bad_json, unknown_type, invalid (a field is missing, of the wrong type or out of bounds), binary_frame;
/// not_open, session_required, too_many_sessions, bad_after, gone, already_decided; and the words of
/// ErrorCode (not_found, busy, unavailable …).
struct FrameError {
  std::string ref;  ///< id of the frame, "" when it has none that can be read
  std::string code;
  std::string message;
  bool retryable = false;
  std::int64_t oldest_seq = 0;  ///< with `gone`
};

/// Reads one text frame of a client. Every frame may bear an `id` (1 to 128 printable ASCII characters
/// without blanks), `message` must. Fields that are not known are ignored, so that a newer client can talk to
/// an older daemon; a known field of the wrong type is an error, never a default. Only `approve` takes no
/// field that it does not know: a misspelt `input` must not let through what the person had changed. Any
/// thread.
std::expected<ClientFrame, FrameError> parse_client_frame(std::string_view text);

}  // namespace troupe::gateway
