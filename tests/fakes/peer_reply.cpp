#include "tests/fakes/peer_reply.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <zlib.h>

#include <fmt/format.h>

namespace troupe::fakes {
namespace {

using Step = PeerReply::Step;

std::string_view first(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

bool same_name(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Whatever";
  }
}

/// Compresses piece by piece, each flushed so that it can be read as soon as it arrives.
class Deflater {
 public:
  explicit Deflater(bool gzip) {
    int window = gzip ? 15 + 16 : 15;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::runtime_error("deflateInit2");
  }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string feed(std::string piece, bool last) {
    stream_.next_in = reinterpret_cast<Bytef*>(piece.data());
    stream_.avail_in = static_cast<uInt>(piece.size());
    std::string out;
    char buffer[16384];
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer);
      stream_.avail_out = sizeof buffer;
      ::deflate(&stream_, last ? Z_FINISH : Z_SYNC_FLUSH);
      out.append(buffer, sizeof buffer - stream_.avail_out);
    } while (stream_.avail_out == 0);
    return out;
  }

 private:
  z_stream stream_{};
};

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

}  // namespace

std::string_view PeerRequest::header(std::string_view name) const {
  return first(headers, name);
}
std::string_view PeerRequest::param(std::string_view name) const {
  return first(query, name);
}
bool PeerRequest::has_header(std::string_view name) const {
  return std::ranges::any_of(headers, [&](const auto& h) { return h.first == name; });
}

PeerReply::PeerReply(int status, std::string body) : status_(status) {
  if (!body.empty()) write(std::move(body));
}

PeerReply PeerReply::json(std::string body, int status) {
  return PeerReply(status, std::move(body)).header("Content-Type", "application/json; charset=utf-8");
}

PeerReply PeerReply::html(std::string body, int status) {
  return PeerReply(status, std::move(body)).header("Content-Type", "text/html; charset=utf-8");
}

PeerReply PeerReply::sse(const std::vector<std::string>& data, Milliseconds gap) {
  PeerReply reply = PeerReply().header("Content-Type", "text/event-stream").chunked();
  for (const auto& one : data) {
    if (gap.count() > 0 && &one != &data.front()) reply.pause(gap);
    reply.write("data: " + one + "\n\n");
  }
  return reply;
}

PeerReply PeerReply::sse_text(std::string text) {
  return PeerReply(200, std::move(text)).header("Content-Type", "text/event-stream").chunked();
}

PeerReply PeerReply::redirect(std::string location, int status) {
  return PeerReply(status).header("Location", std::move(location));
}

PeerReply PeerReply::raw(std::string bytes) {
  PeerReply reply(0, std::move(bytes));
  reply.framing_ = Framing::raw;
  return reply;
}

PeerReply PeerReply::silence() {
  return raw("").stall();
}
PeerReply PeerReply::hang_up() {
  return raw("").cut();
}

PeerReply& PeerReply::header(std::string name, std::string value) & {
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}

PeerReply& PeerReply::close() & {
  close_ = true;
  return *this;
}

PeerReply& PeerReply::step(Step::Kind kind, std::string bytes, Milliseconds duration) {
  body_.push_back({kind, std::move(bytes), duration});
  return *this;
}

PeerReply& PeerReply::write(std::string bytes) & {
  return step(Step::Kind::send, std::move(bytes));
}
PeerReply& PeerReply::pause(Milliseconds duration) & {
  return step(Step::Kind::pause, {}, duration);
}
PeerReply& PeerReply::hold() & {
  return step(Step::Kind::hold);
}
PeerReply& PeerReply::stall() & {
  return step(Step::Kind::stall);
}
PeerReply& PeerReply::cut() & {
  return step(Step::Kind::cut);
}
PeerReply& PeerReply::reset() & {
  return step(Step::Kind::reset);
}

PeerReply& PeerReply::chunked(std::vector<std::size_t> sizes) & {
  framing_ = Framing::chunked;
  chunk_sizes_ = std::move(sizes);
  return *this;
}

PeerReply& PeerReply::until_close() & {
  framing_ = Framing::until_close;
  return *this;
}

PeerReply& PeerReply::gzip() & {
  coding_ = Coding::gzip;
  return *this;
}

PeerReply& PeerReply::deflate() & {
  coding_ = Coding::deflate;
  return *this;
}

PeerReply& PeerReply::cut_after(std::size_t bytes) & {
  cut_after_ = bytes;
  return *this;
}

PeerReply& PeerReply::split_at(std::size_t offset) & {
  splits_.push_back(offset);
  return *this;
}

PeerReply& PeerReply::slowly(std::size_t bytes, Milliseconds gap) & {
  segment_ = std::max<std::size_t>(bytes, 1);
  gap_ = gap;
  return *this;
}

PeerReply& PeerReply::after(Milliseconds delay) & {
  delay_ = delay;
  return *this;
}

PeerReply& PeerReply::held() & {
  held_ = true;
  return *this;
}

bool PeerReply::closes() const {
  return close_ || framing_ == Framing::until_close || framing_ == Framing::raw ||
         std::ranges::any_of(headers_, [](const auto& h) {
           return same_name(h.first, "connection") && same_name(h.second, "close");
         });
}

/// The body with its content coding applied.
std::vector<Step> PeerReply::encoded() const {
  std::vector<Step> body = body_;
  if (coding_ == Coding::none) return body;
  Deflater deflater(coding_ == Coding::gzip);
  for (auto& one : body) {
    if (one.kind == Step::Kind::send) one.bytes = deflater.feed(std::move(one.bytes), false);
  }
  body.push_back({Step::Kind::send, deflater.feed("", true)});
  return body;
}

/// The encoded body with its chunk lines, cut short where that was asked for.
std::vector<Step> PeerReply::framed(std::vector<Step> body) const {
  if (framing_ == Framing::chunked) {
    for (auto& one : body) {
      if (one.kind != Step::Kind::send) continue;
      std::string chunks;
      std::string_view rest = one.bytes;
      for (std::size_t i = 0; !rest.empty(); ++i) {
        std::size_t size =
            chunk_sizes_.empty() ? rest.size() : chunk_sizes_[std::min(i, chunk_sizes_.size() - 1)];
        size = std::clamp<std::size_t>(size, 1, rest.size());
        chunks += chunk(rest.substr(0, size));
        rest.remove_prefix(size);
      }
      one.bytes = std::move(chunks);
    }
    body.push_back({Step::Kind::send, "0\r\n\r\n"});
  }
  std::size_t left = cut_after_;
  for (auto one = body.begin(); left != kNever && one != body.end(); ++one) {
    if (one->bytes.size() <= left) {
      left -= one->bytes.size();
      continue;
    }
    one->bytes.resize(left);
    body.erase(std::next(one), body.end());
    left = kNever;
    break;
  }
  if (cut_after_ != kNever) body.push_back({Step::Kind::cut});
  return body;
}

std::string PeerReply::head(std::size_t length, bool bodyless) const {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", status_, reason(status_));
  auto given = [&](std::string_view name) {
    return std::ranges::any_of(headers_, [&](const auto& h) { return same_name(h.first, name); });
  };
  for (const auto& [name, value] : headers_) out += name + ": " + value + "\r\n";
  if (coding_ != Coding::none && !given("content-encoding"))
    out += coding_ == Coding::gzip ? "Content-Encoding: gzip\r\n" : "Content-Encoding: deflate\r\n";
  if (framing_ == Framing::chunked && !given("transfer-encoding")) out += "Transfer-Encoding: chunked\r\n";
  if (framing_ == Framing::length && !bodyless && !given("content-length"))
    out += fmt::format("Content-Length: {}\r\n", length);
  if (closes() && !given("connection")) out += "Connection: close\r\n";
  return out + "\r\n";
}

/// Applies split_at, slowly, after and held, which know nothing of heads and bodies.
std::vector<Step> PeerReply::paced(std::vector<Step> steps) const {
  std::vector<Step> out;
  if (held_) out.push_back({Step::Kind::hold});
  if (delay_.count() > 0) out.push_back({Step::Kind::pause, {}, delay_});
  std::size_t sent = 0;
  bool first_segment = true;
  for (auto& one : steps) {
    if (one.kind != Step::Kind::send) {
      out.push_back(std::move(one));
      continue;
    }
    std::string_view rest = one.bytes;
    while (!rest.empty()) {
      std::size_t size = std::min(rest.size(), segment_);
      for (std::size_t split : splits_) {
        if (split > sent) size = std::min(size, split - sent);
      }
      // A pause is what makes two segments of two writes: without it the reader may see both at once.
      bool split_here = std::ranges::find(splits_, sent) != splits_.end();
      if (!first_segment && split_here) out.push_back({Step::Kind::pause, {}, Milliseconds(2)});
      if (!first_segment && segment_ != kNever && gap_.count() > 0)
        out.push_back({Step::Kind::pause, {}, gap_});
      out.push_back({Step::Kind::send, std::string(rest.substr(0, size))});
      first_segment = false;
      sent += size;
      rest.remove_prefix(size);
    }
  }
  return out;
}

std::vector<Step> PeerReply::steps(bool head_only) const {
  if (framing_ == Framing::raw) return paced(framed(body_));
  std::vector<Step> body = encoded();
  std::size_t length = 0;
  for (const auto& one : body) length += one.bytes.size();
  bool bodyless = status_ == 204 || status_ == 304 || status_ / 100 == 1;

  std::vector<Step> all{{Step::Kind::send, head(length, bodyless)}};
  if (!head_only && !bodyless) {
    for (auto& one : framed(std::move(body))) all.push_back(std::move(one));
  }
  return paced(std::move(all));
}

std::string PeerReply::bytes() const {
  std::string out;
  for (const auto& one : steps()) out += one.bytes;
  return out;
}

std::function<PeerReply(const PeerRequest&)> in_order(std::vector<PeerReply> replies) {
  return [replies = std::move(replies), next = std::size_t{0}](const PeerRequest& request) mutable {
    if (next < replies.size()) return replies[next++];
    return PeerReply(500,
                     fmt::format("the script has no reply left for {} {}", request.method, request.target));
  };
}

}  // namespace troupe::fakes
