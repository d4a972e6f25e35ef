#include "memory/knowledge/loaders/magic.h"

#include "memory/knowledge/loaders/decode.h"

#include <algorithm>

namespace troupe::memory::loaders {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kSample = 8u << 10;
constexpr std::size_t kPdfHead = 1'024;  // readers accept the head within the first kilobyte
/// Of a thousand bytes. Prose has none, a log with a few escape sequences some.
constexpr std::size_t kControlsPerMille = 30;

struct Magic {
  std::size_t at;
  std::string_view bytes;
  std::string_view kind;
};

constexpr Magic kMagics[] = {
    {0, "\x89PNG\r\n"sv, "a PNG picture"},
    {0, "\xFF\xD8\xFF"sv, "a JPEG picture"},
    {0, "GIF87a"sv, "a GIF picture"},
    {0, "GIF89a"sv, "a GIF picture"},
    {8, "WEBP"sv, "a WebP picture"},
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {8, "WAVE"sv, "a WAV recording"},
    {8, "AVI "sv, "an AVI film"},
    {4, "ftyp"sv, "an MP4 film or a HEIC picture"},
    {0, "\x1A\x45\xDF\xA3"sv, "a Matroska or WebM film"},
    {0, "OggS"sv, "an Ogg recording"},
    {0, "ID3"sv, "an MP3 recording"},
    {0, "fLaC"sv, "a FLAC recording"},
    {0, "\x1F\x8B"sv, "a gzip archive"},
    {0, "BZh"sv, "a bzip2 archive"},
    {0,
     "\xFD"
     "7zXZ\0"sv,
     "an xz archive"},
    {0, "\x28\xB5\x2F\xFD"sv, "a Zstandard archive"},
    {0, "7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive"},
    {0, "Rar!\x1A\x07"sv, "a RAR archive"},
    {257, "ustar"sv, "a tar archive"},
    {0,
     "\x7F"
     "ELF"sv,
     "a Linux program"},
    {0, "\0asm"sv, "a WebAssembly program"},
    {0, "\xCA\xFE\xBA\xBE"sv, "a Java class or a macOS program"},
    {0, "\xCF\xFA\xED\xFE"sv, "a macOS program"},
    {0, "SQLite format 3\0"sv, "an SQLite database"},
    {0, "wOFF"sv, "a font"},
    {0, "wOF2"sv, "a font"},
    {0, "OTTO\0"sv, "a font"},
    {0, "{\\rtf"sv, "an RTF document"},
    {0, "%!PS"sv, "a PostScript document"},
};

bool has(std::string_view bytes, std::string_view part) {
  return bytes.find(part) != std::string_view::npos;
}

/// Documents of office programs are archives whose first entries tell them apart.
std::string_view zip_kind(std::string_view head) {
  if (has(head, "word/")) return "a Word document (.docx)";
  if (has(head, "xl/")) return "an Excel workbook (.xlsx)";
  if (has(head, "ppt/")) return "a PowerPoint presentation (.pptx)";
  if (has(head, "application/epub+zip")) return "an EPUB book";
  if (has(head, "application/vnd.oasis.opendocument")) return "an OpenDocument file (.odt, .ods, .odp)";
  if (has(head, "application/hwp+zip")) return "a Hangul document (.hwpx)";
  return "a ZIP archive";
}

bool many_controls(std::string_view head) {
  const auto count = std::ranges::count_if(head, [](unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1B) || c == 0x7F;
  });
  return static_cast<std::size_t>(count) * 1'000 > head.size() * kControlsPerMille;
}

}  // namespace

std::string_view binary_kind(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kSample);
  if (has(head.substr(0, kPdfHead), "%PDF-")) return kPdfKind;
  for (const Magic& magic : kMagics) {
    if (head.size() >= magic.at && head.substr(magic.at).starts_with(magic.bytes)) return magic.kind;
  }
  if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv)) return zip_kind(head);
  if (head.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv))
    return has(head, "HWP Document File") ? "a Hangul document (.hwp)" : "an Office 97 document";
  if (looks_like_utf16_or_32(head)) return {};
  return many_controls(head) ? "binary data" : std::string_view();
}

}  // namespace troupe::memory::loaders
