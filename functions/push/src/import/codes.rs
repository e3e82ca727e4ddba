//! The codes of how an import ends that is not by its rows alone, with what each means.

crate::map::codes::declare! {
    /// Why a file is refused, stopped or left as it is.
    ENDS:
    NOTHING_ASKED "The import was started with neither an S3 event nor bucket and key."
    OTHER_BUCKET "The file is in a bucket that is not this stack's."
    OBJECT_GONE "The file, or the version of it that was meant, is not there."
    OBJECT_CHANGED "The file was overwritten while it was read, in a bucket that keeps no versions."
    MISPLACED "The key is none of a file: it lies neither in inbox/<Module>/ nor one folder below."
    UNREADABLE "The file is there and may not be read: it is archived, or push's role or its KMS key does not allow it. It is imported once it can be read."
    SUPERSEDED "A newer version of the key is imported instead: the mapping says `versions = \"newest\"`, or this one was heard of too late, or the bucket does not have it any more."
    DUPLICATE "This version of the file was imported before, or is being imported."
    WITHDRAWN "The file was deleted before all of it was sent: nothing more of it is sent."
    EXPIRED "The bucket's lifecycle rule removed the file before all of it was sent: nothing more of it is sent."
    UNKNOWN_MODULE "The folder names no module of the organisation's."
    NO_MAPPING "The mapping that the folder names is not there."
    BAD_MAPPING "The mapping file has a mistake; the message names the line."
    TOO_MANY_REJECTS "One code rejected the share of the rows that `stop_after` allows."
    FIELD_VANISHED "The field of a column was taken out of Bigin while the file was imported; the message says which rows may lack its values."
    MISCOUNTED "The import has read other rows than its plan: a fault of the relay's."
    IMPORT_FAILED "A step of the import failed for good; the message says which and why."
}
