"""Messages of readers and losses about unusable data.

Each sign is a pattern with the place where its words were seen, and preflight's rules for the same fault; see
`machine_signs`.
"""

_TF = "https://github.com/tensorflow/tensorflow/issues/"
_PANDAS = "https://github.com/pandas-dev/pandas/issues/"
COLUMN_RULES = (
    "columns_missing", "columns_differ", "header_differs", "delimiter_differs", "duplicate_columns",
    "unnamed_column", "short_row", "long_row", "irregular", "open_quote", "byte_order_mark",
)  # fmt: skip
NUMBER_RULES = (
    "types_differ", "empty_column", "delimiter_differs", "header_differs", "irregular", "short_row",
    "long_row", "decimal_commas",
)  # fmt: skip

# A number in another notation (1,000.50 or 12 % or 6,5), or a word for none.
_DIGITS = r"\d(?:[\d., \u00a0\u202f]|\\xa0|\\u202f){0,40}"
_ODD_NUMBER = rf"b?['\"“‘]?[-+$€£ ]{{0,3}}(?:{_DIGITS}[%€$]?|N/?A|NULL|null|None|\?|-)?['\"”’]?"
UNUSABLE = (
    (r"'utf-?(?:8|16|32)[\w-]{0,6}' codec can't decode",
     ("not_utf_8", "utf_16", "gzip", "not_text", "nul_bytes"),
     "https://github.com/ml5js/training-styletransfer/issues/3"),
    (r"EmptyDataError|No columns to parse from file", ("empty", "header_only"),
     "https://github.com/gnn-tracking/gnn_tracking/issues/413"),
    (r"BadGzipFile|[Nn]ot a gzip(?:ped)? file|not in gzip format|BadZipFile|File is not a zip file"
     r"|end-of-stream marker was reached|inflate\(\) failed|^zlib\.error|^_?lzma\.LZMAError",
     ("not_gzip", "gzip", "not_text"), "https://github.com/Open-Catalyst-Project/Open-Catalyst-Dataset/issues/57"),
    (r"Parquet magic bytes not found|Parquet file size is 0 bytes|Could not open Parquet input source",
     ("not_text",), "https://arrow.apache.org/docs/python/parquet.html"),
    (r"CSV parse error: Empty CSV file", ("empty", "header_only"), "https://arrow.apache.org/docs/python/csv.html"),
    (r"Cannot batch tensors with different shapes", (), "https://github.com/keras-team/keras/issues/14532"),
    (r"corrupted record at|truncated record at", (),
     "https://github.com/chenchao15/2D_projection_matching/issues/4"),
    (r"cannot identify image file|image file is truncated|broken (?:PNG|data stream)"
     r"|Unknown image file format|Invalid PNG (?:data|header)|Corrupt JPEG|jpeg::Uncompress failed"
     r"|Trying to decode \w{3,4} format using",
     (), "https://github.com/pytorch/vision/issues/138"),
    (r"Received a label value of|Target -?\d+ is out of bounds|label must be in \[0, num_class\)"
     r"|y contains previously unseen labels|Invalid classes inferred from unique values"
     r"|least populated class in y has only|Class values must be smaller than num_classes",
     ("label_constant", "label_missing", "types_differ", "header_differs"),
     "https://github.com/vrenkens/nabu/issues/9"),
    (rf"could not convert string (?:to float: )?{_ODD_NUMBER}(?: to \w{{3,12}} at row \d{{1,9}}|$)"
     rf"|Unable to parse string {_ODD_NUMBER} at position"
     rf"|is not a valid (?:float|double|int\d\d): {_ODD_NUMBER}(?:$| \[)"
     rf"|StringToNumberOp could not correctly convert string: {_ODD_NUMBER}(?:$| \[)",
     NUMBER_RULES, "https://www.tensorflow.org/api_docs/python/tf/io/decode_csv"),
    (r"Label contains NaN|Input data contains `inf` or a value too large", ("empty_column", "irregular"),
     "https://xgboost.readthedocs.io/en/stable/faq.html"),
)  # fmt: skip
# In features and labels; in a metric's arguments it is about the model's predictions.
EMPTY_VALUES = r"Input (?:X |y )?contains (?:NaN|infinity)|Cannot convert non-finite values|not 'NAType'"
EMPTY_VALUES_SOURCE = "https://github.com/pylablanche/gcForest/issues/22"
EMPTY_VALUES_RULES = ("empty_column", "short_row", "irregular")
METRICS = "sklearn/metrics/"
# Text that a library reads as a number: a header that was read as a row, a column of words or of dates.
TEXT_AS_NUMBER = r"could not convert string (?:to float: |')"
TEXT_READERS = r"(?:site|dist)-packages/(?:pandas|numpy|sklearn|tensorflow|xgboost|lightgbm)/"
TEXT_READING = r"\.astype\(|\b(?:loadtxt|genfromtxt|to_numeric|asarray|array|read_csv)\("
LIGHTGBM = r"Unknown token \S{1,80} in data file"
LIGHTGBM_SOURCE = "https://lightgbm.readthedocs.io/en/stable/Parameters.html"
DATES = r"time data [^\n]{1,200} (?:doesn't|does not) match format"
DATES_SOURCE = "https://pandas.pydata.org/docs/reference/api/pandas.to_datetime.html"
TEXT_SOURCE = "https://github.com/vinayakumarr/Network-Intrusion-Detection/issues/18"
COLUMNS = (
    (r"Usecols do not match|Number of passed names|Too many columns specified"
     r"|Length mismatch: Expected axis has",
     COLUMN_RULES, _PANDAS + "17301"),
    (r"^KeyError:[^\n]{0,300}(?:not (?:found )?in (?:axis|index)|are in the \[?(?:columns|index))",
     COLUMN_RULES, "https://github.com/RoversX/umami-csv-import-script/issues/2"),
    (r"Expect \d+ fields but have (?:\d+|more) in record|has \d+ number of fields\. Expected"
     r"|Field \d+ (?:in record (?:\d+ )?)?is (?:not a valid|required)",
     COLUMN_RULES, "https://github.com/alibaba/EasyTransfer/issues/27"),
    (r"CSV parse error: Expected \d+ columns, got \d+",
     COLUMN_RULES, "https://github.com/apache/arrow/issues/11702"),
    (r"Bad value for num_feature\[|Invalid type for cat_feature\[",
     COLUMN_RULES, "https://github.com/catboost/catboost/issues/1992"),
    (r"Error tokenizing data|Quoted field has to end with quote",
     COLUMN_RULES, "https://github.com/WolfNiu/polite-dialogue-generation/issues/1"),
    (r"`label_name` provided must be one of the columns|is not in features dictionary"
     r"|Missing data for input|not in the (?:data|features) dictionary"
     r"|is required but could not be found|Can't parse serialized Example",
     COLUMN_RULES, "https://www.tensorflow.org/api_docs/python/tf/data/experimental/make_csv_dataset"),
    (r"feature names should match those that were passed|X has \d+ features, but|Missing column provided to",
     COLUMN_RULES, "https://scikit-learn.org/stable/glossary.html#term-n_features_in_"),
    (r"^AttributeError: 'DataFrame' object has no attribute",
     COLUMN_RULES, "https://pandas.pydata.org/docs/user_guide/indexing.html"),
)  # fmt: skip
NAN = (
    (r"NanLossDuringTrainingError|NaN loss during training", "https://github.com/alibaba/EasyRec/issues/24"),
    (r"(?i)nan in summary histogram|Tensor had (?:-?Inf|NaN)|contains? (?:NaN|inf) values?|had NaN values",
     _TF + "4592"),
    (r"(?i)\bloss\b[^\n]{0,30}\b(?:is|was|became|=|:)? ?\b(?:nan|not finite|inf)\b|non-finite loss",
     "https://github.com/prs-eth/Marigold/issues/111"),
    (r"returned nan values in its \d+th output",
     "https://pytorch.org/docs/stable/autograd.html#anomaly-detection"),
)  # fmt: skip
