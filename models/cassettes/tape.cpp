#include "models/cassettes/tape.h"

#include "models/cassettes/body_pieces.h"
#include "models/cassettes/request_match.h"
#include "models/limits.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::models {

namespace {

std::unexpected<Error> file_error(std::string_view tried, const std::string& path) {
  return fail(ErrorCode::store, fmt::format("cannot {} cassette {}: {}", tried, path, std::strerror(errno)));
}

Result<std::string> read_file(const std::string& path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (errno == ENOENT) return fail(ErrorCode::not_found, fmt::format("there is no cassette {}", path));
    return file_error("open", path);
  }
  std::string text;
  char chunk[1 << 16];
  ssize_t got;
  while ((got = ::read(file, chunk, sizeof chunk)) > 0 && text.size() <= limits::kCassetteBytes)
    text.append(chunk, static_cast<std::size_t>(got));
  int problem = errno;
  ::close(file);
  errno = problem;
  if (got < 0) return file_error("read", path);
  if (text.size() > limits::kCassetteBytes)
    return fail(ErrorCode::too_large,
                fmt::format("cassette {} is larger than {} bytes", path, limits::kCassetteBytes));
  return text;
}

Result<> append_file(const std::string& path, std::string_view text) {
  int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return file_error("open", path);
  // One that was there may have been readable to others.
  bool written = ::fchmod(file, 0600) == 0 &&
                 ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  int problem = errno;
  ::close(file);
  errno = problem;
  if (!written) return file_error("write", path);
  return {};
}

}  // namespace

Result<Tape> Tape::open(std::string path, bool may_be_new, Secrets secrets) {
  Tape tape;
  tape.path_ = std::move(path);
  tape.secrets_ = std::move(secrets);
  auto text = read_file(tape.path_);
  if (!text) {
    if (may_be_new && text.error().code == ErrorCode::not_found) return tape;
    return fail(std::move(text.error()));
  }
  tape.bytes_ = text->size();
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto exchange = from_line(line);
    if (!exchange) return within(fmt::format("{}:{}", tape.path_, number), std::move(exchange.error()));
    tape.index(std::move(*exchange));
  }
  return tape;
}

Tape::Takes& Tape::index(Exchange exchange) {
  Takes& takes = takes_[dump(exchange.request)];
  takes.exchanges.push_back(exchanges_.size());
  exchanges_.push_back(std::move(exchange));
  return takes;
}

const Exchange* Tape::find(const Json& request, Past past) {
  auto known = takes_.find(dump(request));
  if (known == takes_.end()) return nullptr;
  Takes& takes = known->second;
  if (takes.next < takes.exchanges.size()) return &exchanges_[takes.exchanges[takes.next++]];
  const Exchange& last = exchanges_[takes.exchanges.back()];
  return past == Past::repeat || last.good() ? &last : nullptr;
}

std::string Tape::explain_miss(const Json& request) const {
  if (exchanges_.empty()) return fmt::format("cassette {} is empty", path_);
  std::size_t nearest = 0, best = 0;
  for (std::size_t i = 0; i < exchanges_.size(); ++i)
    if (std::size_t alike = likeness(exchanges_[i].request, request); alike >= best)
      nearest = i, best = alike;
  auto difference = first_difference(exchanges_[nearest].request, request);
  return fmt::format(
      "cassette {} has no recording of this request; the nearest is its number {}, which differs first in {}",
      path_, nearest + 1, difference.value_or("nothing"));
}

Result<> Tape::append(Exchange exchange) {
  mask_pieces(exchange.pieces, secrets_);
  if (!exchange.end) exchange.end.error().message = redact(exchange.end.error().message, secrets_);
  const std::string line = to_line(exchange) + "\n";
  if (bytes_ + line.size() > limits::kCassetteBytes)
    return fail(ErrorCode::too_large, fmt::format("cassette {} is full: it may have {} bytes; begin another",
                                                  path_, limits::kCassetteBytes));
  if (auto written = append_file(path_, line); !written) return written;
  bytes_ += line.size();
  Takes& takes = index(std::move(exchange));
  takes.next = takes.exchanges.size();
  return {};
}

}  // namespace troupe::models
