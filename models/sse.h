#pragma once

#include "models/limits.h"
#include "runtime/base/result.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// One event of a text/event-stream.
struct SseEvent {
  std::string event;  ///< its type; "" when the stream named none (a "message")
  std::string data;   ///< the data lines, joined by line feeds
};

/// Decodes a text/event-stream as the WHATWG HTML standard says (section 9.2.6), bytes in, events out, the
/// same whatever the chunking: lines end in LF, CRLF or CR, a leading byte order mark is dropped, comments
/// and unknown fields are ignored, an event without any data line is not dispatched. Linear.
///
/// Departures: bytes are not checked to be UTF-8 (the JSON inside is), and the end of the stream is told to
/// finish(), which gives the unfinished event that the standard would drop, for servers that leave out the
/// last blank line.
class SseDecoder {
 public:
  explicit SseDecoder(std::size_t event_bytes_max = limits::kSseEventBytes)
      : event_bytes_max_(event_bytes_max) {}

  /// Decodes the next bytes; complete events are appended to `events`. Error: too_large when a line or an
  /// event passes the limit; the decoder is of no use afterwards.
  Result<> feed(std::string_view bytes, std::vector<SseEvent>& events);

  /// The end of the stream: the last event when it had data but no blank line after it.
  std::optional<SseEvent> finish();

  /// The `id` of the last event that had one, also of earlier ones.
  const std::string& last_event_id() const { return last_event_id_; }
  /// What the server asked to wait before reconnecting.
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  void line(std::string_view text, std::vector<SseEvent>& events);
  void field(std::string_view name, std::string_view value);
  void dispatch(std::vector<SseEvent>& events);

  std::size_t event_bytes_max_;  // constant after construction
  std::string partial_;          // a line whose end has not come yet
  std::string type_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;  // a line feed now belongs to the carriage return before it
  bool at_start_ = true;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace troupe::models
