use super::*;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

// spec-example: the forms of errors that the API references show, one of each protocol.
#[test]
fn errors_of_every_protocol_are_read() {
    let json = answer(
        400,
        &[("x-amzn-requestid", "r1")],
        r#"{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:aws:iam::1:user/x is not authorized"}"#,
    );
    let rest = answer(
        404,
        &[
            ("x-amzn-errortype", "ResourceNotFoundException:http://internal.amazon.com/coral/"),
            ("x-amzn-requestid", "r2"),
        ],
        r#"{"Type":"User","Message":"Function not found"}"#,
    );
    let query = answer(
        404,
        &[],
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>\
         <Message>The &quot;policy&quot; cannot be found.</Message></Error><RequestId>r3</RequestId></ErrorResponse>",
    );
    let ec2 = answer(
        403,
        &[],
        "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized. \
         Encoded authorization failure message: aGVsbG8</Message></Error></Errors><RequestID>r4</RequestID></Response>",
    );
    let s3 = answer(
        301,
        &[("x-amz-bucket-region", "eu-west-3")],
        "<?xml version=\"1.0\"?>\n<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>b.s3.eu-west-3</Endpoint>\
         <Bucket>b</Bucket><RequestId>r5</RequestId></Error>",
    );
    for (answer, class, code, message, id) in [
        (
            &json,
            Class::Denied { by_scp: false },
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/x is not authorized",
            "r1",
        ),
        (&rest, Class::Refused, "ResourceNotFoundException", "Function not found", "r2"),
        (&query, Class::Refused, "NoSuchEntity", "The \"policy\" cannot be found.", "r3"),
        (&ec2, Class::Denied { by_scp: false }, "UnauthorizedOperation", "You are not authorized.", "r4"),
        (&s3, Class::Refused, "PermanentRedirect", "m", "r5"),
    ] {
        let failure = read(answer, true);
        assert_eq!((failure.class, failure.code.as_str(), failure.message.as_str()), (class, code, message));
        assert_eq!(failure.request_id.as_deref(), Some(id));
    }
    assert_eq!(read(&s3, true).elsewhere.as_deref(), Some("eu-west-3"));
    // The code of old is the one that tools know.
    let sqs = answer(
        400,
        &[("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")],
        r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#,
    );
    assert_eq!(read(&sqs, true).code, "AWS.SimpleQueueService.NonExistentQueue");
}

#[test]
fn codes_mean_what_the_scan_needs_to_know() {
    let class = |code: &str, message: &str, status: u16, accepted: bool| {
        let body = format!(r#"{{"__type":"{code}","message":"{message}"}}"#);
        read(&answer(status, &[], &body), accepted).class
    };
    let scp = "is not authorized to perform: ec2:DescribeVpcs with an explicit deny in a service control policy";
    assert_eq!(class("AccessDenied", scp, 403, true), Class::Denied { by_scp: true });
    assert_eq!(class("AuthorizationError", "", 403, true), Class::Denied { by_scp: false });
    assert_eq!(class("OptInRequired", "", 401, false), Class::RegionOff);
    for code in ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"] {
        assert_eq!(class(code, "", 403, true), Class::RegionOff, "{code}: the credentials are good elsewhere");
        assert_eq!(class(code, "", 403, false), Class::Login, "{code}: they were never good");
    }
    for code in
        ["Throttling", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "PriorRequestNotComplete"]
    {
        assert_eq!(class(code, "", 400, true), Class::Throttled, "{code}");
    }
    assert_eq!(class("ExpiredToken", "", 403, true), Class::Expired);
    assert_eq!(class("InternalFailure", "", 500, true), Class::Server);
    assert_eq!(class("SomethingNew", "", 503, true), Class::Server);
    assert_eq!(class("SomethingNew", "", 429, true), Class::Throttled);
    assert_eq!(class("SomethingNew", "", 501, true), Class::Refused);
    assert_eq!(class("NoSuchBucketPolicy", "", 404, true), Class::Refused);
}

#[test]
fn rows_know_their_absences() {
    let error =
        |code: &str, message: &str| Failure::new(Class::Refused, code, message).of("macie2", "GetMacieSession", "r");
    let row = crate::catalog::aws::row("AWS::Region").unwrap();
    let absent = &row.asks.iter().find(|ask| ask.call.operation == "GetMacieSession").unwrap().absent;
    assert!(error("AccessDeniedException", "Macie is not enabled").is_any(absent));
    assert!(!error("AccessDeniedException", "You may not").is_any(absent));
}

#[test]
fn pages_of_others_are_not_errors_of_aws() {
    let proxy = answer(403, &[("content-type", "text/html")], "<html><body><Code>AccessDenied</Code></body></html>");
    let failure = read(&proxy, true);
    assert_eq!((failure.code.as_str(), failure.class), ("Http403", Class::Denied { by_scp: false }));
    assert_eq!(failure.message, "the server answered 403 without an error that AWS would give (text/html)");
    assert_eq!(read(&answer(502, &[], ""), true).class, Class::Server);
    assert_eq!(read(&answer(302, &[], ""), true).code, "Http302");
    assert_eq!(read(&answer(500, &[], "{\"__type\":"), true).class, Class::Server);
    assert_eq!(read(&answer(400, &[], "<Error><Code>Thr"), true).code, "Http400");
}

#[test]
fn no_secret_and_no_control_character_is_repeated() {
    let token = "FwoGZXIvYXdzEXAMPLETOKEN";
    let canonical = format!(
        "The request signature we calculated does not match. The Canonical String should have been \
         'POST\\nx-amz-security-token:{token}'"
    );
    let mismatch = answer(403, &[], &format!(r#"{{"__type":"InvalidSignatureException","message":"{canonical}"}}"#));
    let failure = read(&mismatch, true);
    assert_eq!(failure.class, Class::Login);
    assert!(!failure.message.contains(token));
    let named =
        answer(403, &[], r#"{"__type":"Odd","message":"key AKIDEXAMPLE (AKIAIOSFODNN7EXAMPLE) \u001b[31m\nsecond"}"#);
    let message = read(&named, true).message;
    assert_eq!(message, "key AKIDEXAMPLE [access key] \\u{1b}[31m second");
    assert_eq!(scrub("x wJalrXUtnFEMI/K7MDENG y", &["wJalrXUtnFEMI/K7MDENG", ""]), "x [secret] y");
    let long = answer(400, &[], &format!(r#"{{"__type":"Odd","message":"{}"}}"#, "é".repeat(5000)));
    assert!(read(&long, true).message.chars().count() <= 400);
    let shown = Failure::new(Class::Refused, "Odd", "m").of("iam", "GetUser", "eu\u{1b}-1").to_string();
    assert_eq!(shown, "iam GetUser in eu\\u{1b}-1: Odd: m");
}
