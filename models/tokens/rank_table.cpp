#include "models/tokens/rank_table.h"

#include <stdexcept>
#include <zlib.h>

namespace troupe::models::tokens {

namespace {

std::string gunzip(std::span<const unsigned char> packed) {
  if (packed.size() < 18) throw std::runtime_error("token ranks: no gzip data");
  // RFC 1952 2.3.1: the size of the original ends the member, least significant byte first.
  const unsigned char* end = packed.data() + packed.size();
  const std::size_t size = end[-4] | end[-3] << 8 | end[-2] << 16 | static_cast<std::size_t>(end[-1]) << 24;
  std::string out(size, '\0');
  z_stream stream{};
  stream.next_in = const_cast<unsigned char*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<unsigned char*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  constexpr int kGzip = 16;
  int result = inflateInit2(&stream, MAX_WBITS + kGzip);
  if (result == Z_OK) result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.total_out != size)
    throw std::runtime_error("token ranks: the gzip data is damaged");
  return out;
}

}  // namespace

RankTable::RankTable(std::span<const unsigned char> packed) : unpacked_(gunzip(packed)) {
  std::string_view rest = unpacked_;
  while (!rest.empty()) {
    const std::size_t length = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    if (length == 0 || length > rest.size()) throw std::runtime_error("token ranks: an entry without bytes");
    ordered_.push_back(rest.substr(0, length));
    longest_ = std::max(longest_, length);
    rest.remove_prefix(length);
  }
  tokens_.reserve(ordered_.size());
  for (Token token = 0; token < ordered_.size(); ++token) tokens_.emplace(ordered_[token], token);
  if (tokens_.size() != ordered_.size()) throw std::runtime_error("token ranks: an entry stands twice");
}

}  // namespace troupe::models::tokens
