#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// The sentences of running text, in order, as views into it without the blanks around. A line break ends
/// one, too. Knows abbreviations (Dr., U.S., J. K.) and the stops of Chinese, Japanese and Korean. Any
/// thread.
std::vector<std::string_view> split_sentences(std::string_view text);

}  // namespace troupe::tools
