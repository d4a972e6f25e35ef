#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::fakes {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// One request as it reached an HttpPeer.
struct PeerRequest {
  std::string method;
  std::string target;          ///< as it was sent: "/w/api.php?titles=A%20B"; absolute when we are a proxy
  std::string path;            ///< decoded, without the query: "/w/api.php"
  Fields query;                ///< decoded, in order
  Fields headers;              ///< names in lower case, in order
  std::string body;            ///< taken out of its chunks
  std::size_t connection = 0;  ///< 1 for the first connection the peer accepted, and so on

  /// First value of `name` (lower case), or "".
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  /// First value of a query parameter, or "".
  std::string_view param(std::string_view name) const;
};

/// What a peer does with one request: an answer, and everything that can go wrong with one. Builds up left to
/// right; a rvalue chain works too:
///
///   return PeerReply::json(R"({"ok":true})");
///   return PeerReply(429, "slow down").header("Retry-After", "2");
///   return PeerReply::sse({R"({"a":1})", "[DONE]"}, 20ms);
///   return PeerReply(200, page).chunked({1, 7, 4096}).gzip();
///   return PeerReply(200, page).cut_after(10);              // the connection dies in the middle of the body
///   return PeerReply().write("event: x\n").pause(5ms).write("\n").stall();
///
/// The body is framed by Content-Length unless chunked(), until_close() or sse() say otherwise.
class PeerReply {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit PeerReply(int status = 200, std::string body = {});
  static PeerReply json(std::string body, int status = 200);
  static PeerReply html(std::string body, int status = 200);
  /// Server-sent events, chunked: each of `data` becomes "data: …\n\n" in a chunk of its own, `gap` apart.
  static PeerReply sse(const std::vector<std::string>& data, Milliseconds gap = Milliseconds(0));
  /// As above for text that is already in the stream format, such as a recording.
  static PeerReply sse_text(std::string text);
  static PeerReply redirect(std::string location, int status = 302);
  /// Bytes as they are instead of an HTTP answer; then the connection is closed.
  static PeerReply raw(std::string bytes);
  /// Never a byte; the connection stays open until the client leaves.
  static PeerReply silence();
  /// The connection is closed instead of an answer.
  static PeerReply hang_up();

  // The head
  PeerReply& status(int code) & {
    status_ = code;
    return *this;
  }
  /// Adds a header; one of the framing headers given here replaces what we would have written.
  PeerReply& header(std::string name, std::string value) &;
  /// "Connection: close", and we do.
  PeerReply& close() &;

  // The body, in order
  PeerReply& write(std::string bytes) &;
  PeerReply& pause(Milliseconds duration) &;
  /// Waits for HttpPeer::release().
  PeerReply& hold() &;
  /// Nothing more, for ever; the connection stays open until the client leaves.
  PeerReply& stall() &;
  /// Closes here, without the rest, and over TLS without close_notify.
  PeerReply& cut() &;
  /// The same with a TCP reset.
  PeerReply& reset() &;

  // How the body travels
  /// Chunked; every written piece is split into chunks of these sizes, the last of which repeats. Empty: one
  /// chunk for each piece.
  PeerReply& chunked(std::vector<std::size_t> sizes = {}) &;
  /// No length: the end of the connection is the end of the body.
  PeerReply& until_close() &;
  PeerReply& gzip() &;
  PeerReply& deflate() &;
  /// Closes after so many bytes of the body as it travels (chunk lines and compression included).
  PeerReply& cut_after(std::size_t bytes) &;
  /// Sends the answer, head included, as two segments that part after `offset` bytes. May be repeated.
  PeerReply& split_at(std::size_t offset) &;
  /// Sends the answer, head included, in segments of `bytes`, `gap` apart.
  PeerReply& slowly(std::size_t bytes, Milliseconds gap) &;
  /// Waits before the first byte.
  PeerReply& after(Milliseconds delay) &;
  /// Waits for HttpPeer::release() before the first byte.
  PeerReply& held() &;

  PeerReply&& status(int code) && { return std::move(status(code)); }
  PeerReply&& header(std::string name, std::string value) && {
    return std::move(header(std::move(name), std::move(value)));
  }
  PeerReply&& close() && { return std::move(close()); }
  PeerReply&& write(std::string bytes) && { return std::move(write(std::move(bytes))); }
  PeerReply&& pause(Milliseconds duration) && { return std::move(pause(duration)); }
  PeerReply&& hold() && { return std::move(hold()); }
  PeerReply&& stall() && { return std::move(stall()); }
  PeerReply&& cut() && { return std::move(cut()); }
  PeerReply&& reset() && { return std::move(reset()); }
  PeerReply&& chunked(std::vector<std::size_t> sizes = {}) && { return std::move(chunked(std::move(sizes))); }
  PeerReply&& until_close() && { return std::move(until_close()); }
  PeerReply&& gzip() && { return std::move(gzip()); }
  PeerReply&& deflate() && { return std::move(deflate()); }
  PeerReply&& cut_after(std::size_t bytes) && { return std::move(cut_after(bytes)); }
  PeerReply&& split_at(std::size_t offset) && { return std::move(split_at(offset)); }
  PeerReply&& slowly(std::size_t bytes, Milliseconds gap) && { return std::move(slowly(bytes, gap)); }
  PeerReply&& after(Milliseconds delay) && { return std::move(after(delay)); }
  PeerReply&& held() && { return std::move(held()); }

  /// One thing a connection does.
  struct Step {
    enum class Kind { send, pause, hold, stall, cut, reset };
    Kind kind = Kind::send;
    std::string bytes{};
    Milliseconds duration{0};
  };
  /// The whole answer as steps, its head first. Pure. `head_only`: the request was HEAD.
  std::vector<Step> steps(bool head_only = false) const;
  /// All bytes of steps(): to know how long an answer is, say for split_at.
  std::string bytes() const;
  /// The connection ends after this answer.
  bool closes() const;

 private:
  enum class Framing { length, chunked, until_close, raw };
  enum class Coding { none, gzip, deflate };

  PeerReply& step(Step::Kind kind, std::string bytes = {}, Milliseconds duration = Milliseconds(0));
  std::vector<Step> encoded() const;
  std::vector<Step> framed(std::vector<Step> body) const;
  std::string head(std::size_t length, bool bodyless) const;
  std::vector<Step> paced(std::vector<Step> steps) const;

  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  int status_;
  Fields headers_;
  std::vector<Step> body_;
  Framing framing_ = Framing::length;
  Coding coding_ = Coding::none;
  std::vector<std::size_t> chunk_sizes_;
  std::size_t cut_after_ = kNever;
  std::vector<std::size_t> splits_;
  std::size_t segment_ = kNever;
  Milliseconds gap_{0};
  Milliseconds delay_{0};
  bool close_ = false;
  bool held_ = false;
};

/// A handler that gives the replies one after another; past the last, 500 with a text that says so.
std::function<PeerReply(const PeerRequest&)> in_order(std::vector<PeerReply> replies);

}  // namespace troupe::fakes
