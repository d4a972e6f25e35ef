#include "tests/fakes/doc_page.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace troupe::fakes {

DocSection::DocSection(std::string page, std::string_view begin, std::string_view end)
    : path_(std::string(TROUPE_SOURCE_DIR "/docs/") + std::move(page)) {
  std::ifstream file(path_);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  const std::string first = "<!-- " + std::string(begin) + " -->\n";
  const std::string last = "<!-- " + std::string(end) + " -->\n";
  const auto from = whole.find(first);
  const auto to = whole.find(last);
  if (from == whole.npos || to == whole.npos || to < from)
    throw std::runtime_error(path_ + " lacks the lines \"" + first + "\" and \"" + last + '"');
  before_ = whole.substr(0, from + first.size());
  text_ = whole.substr(before_.size(), to - before_.size());
  after_ = whole.substr(to);
}

bool DocSection::put(std::string_view fresh) const {
  if (text_ == fresh) return true;
  if (!std::getenv("TROUPE_WRITE_DOCS")) return false;
  std::ofstream(path_) << before_ << fresh << after_;
  return true;
}

std::string DocSection::advice() const {
  return path_ + " is out of date; write it anew: run this test with TROUPE_WRITE_DOCS=1";
}

}  // namespace troupe::fakes
