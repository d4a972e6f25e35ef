#include "app/eval/sample_file.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::app {

Result<> SampleFile::open(const std::string& path) {
  path_ = path;
  out_.open(path, std::ios::binary | std::ios::trunc);
  if (!out_)
    return fail(ErrorCode::invalid, fmt::format("--samples: `{}` cannot be written; name a file in a folder "
                                                "that is there and yours",
                                                path));
  return {};
}

void SampleFile::put(std::size_t index, Json sample) {
  if (!out_.is_open()) return;
  waiting_.emplace(index, std::move(sample));
  for (auto first = waiting_.begin(); first != waiting_.end() && first->first == next_; ++next_) {
    write(first->second);
    first = waiting_.erase(first);
  }
  out_.flush();
}

Result<> SampleFile::end_part() {
  for (const auto& [index, sample] : waiting_) write(sample);
  waiting_.clear();
  next_ = 0;
  if (!out_.is_open()) return {};
  out_.flush();
  if (out_) return {};
  return fail(ErrorCode::store,
              fmt::format("--samples: writing `{}` failed; what it holds is not all", path_));
}

void SampleFile::write(const Json& sample) {
  out_ << dump(sample) << '\n';
}

}  // namespace troupe::app
