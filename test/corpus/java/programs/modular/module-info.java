module com.acme.job {}
