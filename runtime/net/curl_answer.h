#pragma once

#include "runtime/net/http_client.h"

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

namespace troupe::net {

/// Reads one answer as libcurl hands it over, header lines first, and passes it on to a sink. It decides when
/// to stop: when the sink has had enough or a limit is passed. No I/O; one object is used again and again.
class CurlAnswer {
 public:
  enum class Verdict { fine, sink_closed, sink_threw, head_too_large, body_too_large, redirect_read };
  struct Terms {
    BodySink* sink = nullptr;
    std::size_t body_max = 0;
    bool bodyless = false;  ///< the request was HEAD
    bool follow = false;    ///< a redirect is not for the sink
  };

  void start(Terms terms);
  /// One line with its line end. False: stop now, see verdict().
  bool on_header_line(std::string_view line);
  /// Bytes of the body, which are kept until hand_over(): libcurl brings each HTTP chunk by itself, and a
  /// stream has one a token. False: stop now, see verdict().
  bool on_body(std::string_view bytes);
  /// Something is kept for hand_over().
  bool has_news() const { return !news_.empty(); }
  /// Passes on what came since the last time, in one piece. False: stop now, see verdict().
  bool hand_over();

  Verdict verdict() const { return verdict_; }
  std::exception_ptr thrown() const { return thrown_; }  ///< with sink_threw
  bool head_complete() const { return complete_; }
  /// Only the end of the connection ends the body: there is neither length nor chunks.
  bool ends_with_connection() const;
  /// Where a redirect that is to be followed leads, else "".
  std::string_view location() const { return redirect_ ? head_.header("location") : std::string_view(); }
  std::size_t body_bytes() const { return body_bytes_; }
  HttpHead take_head() { return std::move(head_); }

 private:
  bool stop(Verdict verdict);
  void on_status_line(std::string_view line);
  void on_field(std::string_view line);
  bool on_head_end();
  bool has_body() const;

  Terms terms_;
  HttpHead head_;
  bool complete_ = false;
  bool redirect_ = false;
  Verdict verdict_ = Verdict::fine;
  std::exception_ptr thrown_;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  std::string news_;  // of the body, not handed over yet
};

}  // namespace troupe::net
