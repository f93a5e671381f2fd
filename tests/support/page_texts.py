"""The messages of the page's own table of refusals, byte for byte."""

PAGE_TEXTS = (
    "Ccxml must be enabled for this account",
    "Unable to place call - Agent number busy",
    "Unable to place call - dialed Agent is not currently available",
    "Unable to place call - invalid Agent Id.",
    "Unable to place call - Agent Id is unknown",
    "Unable to place call - number is invalid",
    "Unable to place call to Agent. Please try again",
    "Telephone number exceeds 30 characters",
    "Agent Id exceeds 11 digits",
    "Agent Id must contain digits only",
    "Telephone number not supported in this context",
    "Agent Id must be specified",
    "Either telephone number or agent id required",
    "Either telephone number or agent id required, not both",
    "Reference exceeded 2000 characters",
    "Reference contained invalid characters",
    "Application exceeded 32 characters",
    "Application contains non-alphanumeric characters",
)
