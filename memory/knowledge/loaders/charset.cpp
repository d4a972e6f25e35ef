#include "memory/knowledge/loaders/charset.h"

#include "models/builtin/utf8.h"
#include "runtime/base/ascii.h"

#include <algorithm>
#include <array>
#include <memory>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ucsdet.h>

namespace troupe::memory::loaders {

namespace {

constexpr Charset kCharsets[] = {
    {"utf-8", "UTF-8"},
    {"utf-16le", "UTF-16LE"},
    {"utf-16be", "UTF-16BE"},
    {"utf-32le", "UTF-32LE"},
    {"utf-32be", "UTF-32BE"},
    {"euc-kr", "windows-949-2000"},
    {"shift_jis", "ibm-943_P15A-2003"},
    {"euc-jp", "EUC-JP"},
    {"iso-2022-jp", "ISO-2022-JP"},
    {"gb18030", "gb18030"},
    {"big5", "Big5"},
    {"windows-1250", "windows-1250"},
    {"windows-1251", "windows-1251"},
    {"windows-1252", "windows-1252"},
    {"windows-1253", "windows-1253"},
    {"windows-1254", "windows-1254"},
    {"windows-1255", "windows-1255"},
    {"windows-1256", "windows-1256"},
    {"windows-1257", "windows-1257"},
    {"windows-1258", "windows-1258"},
    {"windows-874", "windows-874"},
    {"iso-8859-2", "ISO-8859-2"},
    {"iso-8859-5", "ISO-8859-5"},
    {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-15", "ISO-8859-15"},
    {"koi8-r", "KOI8-R"},
    {"koi8-u", "KOI8-U"},
    {"macintosh", "macintosh"},
    {"ibm866", "ibm-866_P100-1995"},
};

struct Label {
  std::string_view label;
  std::string_view name;
};

constexpr Label kLabels[] = {
    {"utf8", "utf-8"},
    {"unicode-1-1-utf-8", "utf-8"},
    {"utf-16", "utf-16le"},
    {"unicode", "utf-16le"},
    {"cp949", "euc-kr"},
    {"ms949", "euc-kr"},
    {"uhc", "euc-kr"},
    {"windows-949", "euc-kr"},
    {"euckr", "euc-kr"},
    {"ks_c_5601-1987", "euc-kr"},
    {"ksc5601", "euc-kr"},
    {"korean", "euc-kr"},
    {"iso-2022-kr", "euc-kr"},
    {"shift-jis", "shift_jis"},
    {"sjis", "shift_jis"},
    {"x-sjis", "shift_jis"},
    {"cp932", "shift_jis"},
    {"ms932", "shift_jis"},
    {"windows-31j", "shift_jis"},
    {"eucjp", "euc-jp"},
    {"x-euc-jp", "euc-jp"},
    {"gb2312", "gb18030"},
    {"gbk", "gb18030"},
    {"cp936", "gb18030"},
    {"x-gbk", "gb18030"},
    {"chinese", "gb18030"},
    {"big5-hkscs", "big5"},
    {"cp950", "big5"},
    {"x-x-big5", "big5"},
    {"iso-8859-1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"l1", "windows-1252"},
    {"ascii", "windows-1252"},
    {"us-ascii", "windows-1252"},
    {"cp1252", "windows-1252"},
    {"ansi", "windows-1252"},
    {"cp1251", "windows-1251"},
    {"cp1250", "windows-1250"},
    {"latin2", "iso-8859-2"},
    {"iso-8859-9", "windows-1254"},
    {"latin5", "windows-1254"},
    {"iso-8859-8", "windows-1255"},
    {"iso-8859-8-i", "windows-1255"},
    {"iso-8859-6", "windows-1256"},
    {"iso-8859-11", "windows-874"},
    {"tis-620", "windows-874"},
    {"koi8", "koi8-r"},
    {"mac", "macintosh"},
    {"cp866", "ibm866"},
};

struct Close {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
  void operator()(UCharsetDetector* detector) const { ucsdet_close(detector); }
};
using Converter = std::unique_ptr<UConverter, Close>;
using Detector = std::unique_ptr<UCharsetDetector, Close>;

void replace_and_count(const void* context, UConverterToUnicodeArgs* args, const char*, int32_t,
                       UConverterCallbackReason reason, UErrorCode* status) {
  if (reason > UCNV_IRREGULAR) return;
  ++*static_cast<std::size_t*>(const_cast<void*>(context));
  *status = U_ZERO_ERROR;
  static constexpr UChar kReplacement = 0xFFFD;
  ucnv_cbToUWriteUChars(args, &kReplacement, 1, 0, status);
}

}  // namespace

const Charset* charset_labelled(std::string_view label) {
  std::string name = lower(models::builtin::trim(label));
  const auto* alias = std::ranges::find(kLabels, name, &Label::label);
  if (alias != std::end(kLabels)) name = alias->name;
  const auto* it = std::ranges::find(kCharsets, name, &Charset::name);
  return it == std::end(kCharsets) ? nullptr : it;
}

std::vector<const Charset*> likely_charsets(std::string_view sample) {
  std::vector<const Charset*> likely;
  UErrorCode status = U_ZERO_ERROR;
  const Detector detector(ucsdet_open(&status));
  if (U_FAILURE(status)) return likely;
  ucsdet_setText(detector.get(), sample.data(), static_cast<int32_t>(sample.size()), &status);
  int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &status);
  if (U_FAILURE(status)) return likely;
  for (int32_t i = 0; i < count; ++i) {
    UErrorCode named = U_ZERO_ERROR;
    const char* name = ucsdet_getName(matches[i], &named);
    const Charset* charset = U_SUCCESS(named) ? charset_labelled(name) : nullptr;
    if (charset && std::ranges::find(likely, charset) == likely.end()) likely.push_back(charset);
  }
  return likely;
}

std::size_t convert(std::string_view bytes, const Charset& charset, std::string& out) {
  std::size_t replaced = 0;
  UErrorCode status = U_ZERO_ERROR;
  const Converter from(ucnv_open(std::string(charset.converter).c_str(), &status));
  const Converter to(ucnv_open("UTF-8", &status));
  if (U_FAILURE(status)) {  // ICU's data lack the converter: nothing of it can be read
    out += "\xEF\xBF\xBD";
    return bytes.size();
  }
  ucnv_setToUCallBack(from.get(), replace_and_count, &replaced, nullptr, nullptr, &status);

  std::array<UChar, 4'096> pivot;
  UChar *pivot_from = pivot.data(), *pivot_to = pivot.data();
  std::array<char, 16'384> chunk;
  const char* source = bytes.data();
  const char* const end = source + bytes.size();
  bool first = true;
  do {
    status = U_ZERO_ERROR;
    char* target = chunk.data();
    ucnv_convertEx(to.get(), from.get(), &target, chunk.data() + chunk.size(), &source, end, pivot.data(),
                   &pivot_from, &pivot_to, pivot.data() + pivot.size(), first, true, &status);
    first = false;
    out.append(chunk.data(), target);
  } while (status == U_BUFFER_OVERFLOW_ERROR);
  return replaced;
}

}  // namespace troupe::memory::loaders
